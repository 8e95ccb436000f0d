/**
 * Makes a container's image available: asks the runtime, pulls where the policy says so, backs off after failures.
 * The decisions are core's (ensure-image); source of the order: kubelet images/image_manager.go EnsureImageExists.
 */
import type { Container, Pod } from "../../core/api/types.ts";
import { type BackoffConfig, type BackoffState, collectBackoff, EMPTY_BACKOFF } from "../../core/backoff/backoff.ts";
import type { ImageUser } from "../../core/cri/security-context.ts";
import type { CriImage, PodSandboxConfig } from "../../core/cri/types.ts";
import {
  concludePull,
  decidePull,
  type ImageEvent,
  type ImageFailure,
  type Inspection,
  nameImage,
  type PullInput,
  type PullResult,
} from "../../core/images/ensure-image.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { ImageService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { containerField } from "../runtime/container-field.ts";
import type { StartFailure } from "../runtime/container-starter.ts";
import { type ImageHold, ImageHolds } from "./image-holds.ts";
import { type ImagePullLimits, PullQueue } from "./pull-queue.ts";

export interface ImageManagerPorts {
  readonly clock: Clock;
  readonly images: ImageService;
  readonly events: EventRecorder;
}

export interface ReadyImage {
  /** What containers are created from. */
  readonly ref: string;
  readonly user: ImageUser;
}

/** For which container, and in which sandbox, an image is wanted. */
export interface ImageNeed {
  readonly pod: Pod;
  readonly container: Container;
  readonly sandboxConfig: PodSandboxConfig;
}

const SHOW_FAILURE_MS = 1_000;
const REGISTRY_UNAVAILABLE = "RegistryUnavailable";

export class ImageManager {
  readonly #ports: ImageManagerPorts;
  readonly #config: BackoffConfig;
  readonly #queue: PullQueue;
  readonly #holds: ImageHolds;
  #backoff: BackoffState = EMPTY_BACKOFF;

  /** `holds`: shared with the garbage collection, which would else remove an image before its container is made. */
  constructor(
    ports: ImageManagerPorts,
    config: BackoffConfig,
    limits: ImagePullLimits = {},
    holds: ImageHolds = new ImageHolds(),
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#queue = new PullQueue(ports.clock, limits);
    this.#holds = holds;
  }

  /**
   * Makes the image available and calls `use` with it, during which the image stays. A failure is told by events already.
   * Rejects only when `signal` is aborted or `use` rejects.
   */
  async withImage<T>(
    need: ImageNeed,
    signal: AbortSignal,
    use: (image: ReadyImage) => Promise<T>,
  ): Promise<T | StartFailure> {
    const hold = this.#holds.hold();
    try {
      const image = await this.#ensure(need, hold, signal);
      return "reason" in image ? image : await use(image);
    } finally {
      hold.release();
    }
  }

  async #ensure(need: ImageNeed, hold: ImageHold, signal: AbortSignal): Promise<ReadyImage | StartFailure> {
    const { pod, container, sandboxConfig } = need;
    const named = nameImage(container.image ?? "");
    if (named.kind === "failed") return this.#fail(pod, container, named);
    const present = await this.#inspect(named.name, hold, signal);
    const input = this.#pullInput(pod, container);
    const inspection: Inspection = "error" in present ? present : { imageRef: present.image?.id ?? "" };
    const decision = decidePull(this.#backoff, input, inspection);
    if (decision.kind === "failed") return this.#fail(pod, container, decision);
    this.#record(pod, container, decision.events);
    if (decision.kind === "ready")
      return { ref: decision.imageRef, user: userOf("image" in present ? present.image : undefined) };
    const result = await this.#pull(named.name, sandboxConfig, signal);
    const concluded = concludePull(this.#backoff, this.#pullInput(pod, container), result);
    this.#backoff = collectBackoff(this.#config, concluded.state, this.#ports.clock.monotonic());
    if (concluded.outcome.kind === "failed") return this.#fail(pod, container, concluded.outcome);
    this.#record(pod, container, concluded.outcome.events);
    const pulled = await this.#inspect(named.name, hold, signal);
    return { ref: concluded.outcome.imageRef, user: userOf("image" in pulled ? pulled.image : undefined) };
  }

  #pullInput(pod: Pod, container: Container): PullInput {
    return {
      config: this.#config,
      image: container.image ?? "",
      podUid: pod.metadata?.uid ?? "",
      policy: container.imagePullPolicy,
      // Back-offs live as long as this agent, so a wall clock that is set has no say in them.
      nowMs: this.#ports.clock.monotonic(),
    };
  }

  async #inspect(
    name: string,
    hold: ImageHold,
    signal: AbortSignal,
  ): Promise<{ readonly image: CriImage | undefined } | { readonly error: string }> {
    try {
      return { image: await hold.keep(() => this.#ports.images.imageStatus({ image: name }, { signal }), signal) };
    } catch (error) {
      signal.throwIfAborted();
      return { error: errorMessage(error) };
    }
  }

  async #pull(name: string, sandboxConfig: PodSandboxConfig, signal: AbortSignal): Promise<PullResult> {
    const { clock, images } = this.#ports;
    const askedAt = clock.monotonic();
    let startedAt = askedAt;
    const pull = () => {
      startedAt = clock.monotonic();
      return images.pullImage({ image: name }, undefined, sandboxConfig, { signal });
    };
    try {
      const imageRef = await this.#queue.run(pull, signal);
      const endedAt = clock.monotonic();
      return { imageRef, pullMs: endedAt - startedAt, totalMs: endedAt - askedAt };
    } catch (error) {
      signal.throwIfAborted();
      const message = errorMessage(error);
      return { error: message, registryUnavailable: message === REGISTRY_UNAVAILABLE };
    }
  }

  #fail(pod: Pod, container: Container, failure: ImageFailure): StartFailure {
    this.#record(pod, container, failure.events);
    const { reason, message, retryAtMs } = failure;
    const remainingMs = retryAtMs === undefined ? undefined : Math.max(0, retryAtMs - this.#ports.clock.monotonic());
    // A pull that just failed is shown as that, and soon after as the back-off that follows.
    const retryInMs = reason === "ErrImagePull" ? SHOW_FAILURE_MS : remainingMs;
    return { reason, message, ...(retryInMs !== undefined && { retryInMs }) };
  }

  #record(pod: Pod, container: Container, events: readonly ImageEvent[]): void {
    const field = containerField(pod, container.name);
    for (const { type, reason, message } of events) this.#ports.events.pod(pod, type, reason, message, field);
  }
}

function userOf(image: CriImage | undefined): ImageUser {
  if (image?.uid !== undefined) return { uid: image.uid };
  return image === undefined || image.username === "" ? {} : { username: image.username };
}
