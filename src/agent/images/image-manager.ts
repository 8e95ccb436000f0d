/**
 * Makes a container's image available: asks the runtime, pulls where the policy says so, backs off after failures.
 * The decisions are core's (ensure-image); source of the order: kubelet images/image_manager.go EnsureImageExists.
 */
import type { Pod } from "../../core/api/types.ts";
import { type BackoffConfig, type BackoffState, collectBackoff, EMPTY_BACKOFF } from "../../core/backoff/backoff.ts";
import type { ImageUser } from "../../core/cri/security-context.ts";
import type { CriImage, PodSandboxConfig } from "../../core/cri/types.ts";
import {
  concludePull,
  decidePull,
  type ImageEvent,
  type ImageFailure,
  type Inspection,
  joinedErrors,
  nameImage,
  type PullInput,
  type PullResult,
  pullBackoffKey,
  pullFailureText,
} from "../../core/images/ensure-image.ts";
import type { Credential } from "../../core/images/keyring.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { ImageService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { containerField } from "../runtime/container-field.ts";
import type { StartFailure } from "../runtime/container-starter.ts";
import type { FoundCredentials, ImageCredentials } from "./image-credentials.ts";
import { type ImageHold, ImageHolds } from "./image-holds.ts";
import { type ImagePullLimits, PullQueue } from "./pull-queue.ts";
import type { PullWatch } from "./pull-watch.ts";
import type { PulledImages, PullIntent } from "./pulled-images.ts";

export interface ImageManagerPorts {
  readonly clock: Clock;
  readonly images: ImageService;
  readonly events: EventRecorder;
  readonly credentials: Pick<ImageCredentials, "find">;
  readonly watch: Pick<PullWatch, "begin">;
  /** Absent: whatever is here may be used by every pod. */
  readonly pulledImages?: Pick<PulledImages, "access" | "intend">;
}

export interface ReadyImage {
  /** What containers are created from. */
  readonly ref: string;
  readonly user: ImageUser;
}

/** For whom, and in which sandbox, an image is wanted. */
export interface ImageNeed {
  readonly pod: Pod;
  /** Name of the container. */
  readonly container: string;
  /** As the pod writes it. */
  readonly image: string;
  readonly policy: string | undefined;
  readonly sandboxConfig: PodSandboxConfig;
}

/** Where the use of images is verified, `intent` is still to be concluded after a success. */
type AttemptResult =
  | (Extract<PullResult, { imageRef: string }> & { readonly used?: Credential; readonly intent?: PullIntent })
  | { readonly error: string };

const SHOW_FAILURE_MS = 1_000;

export class ImageManager {
  readonly #ports: ImageManagerPorts;
  readonly #config: BackoffConfig;
  readonly #queue: PullQueue;
  readonly #holds: ImageHolds;
  #backoff: BackoffState = EMPTY_BACKOFF;
  /** What pulls that wait failed with last, by the key of their back-off. */
  readonly #lastFailures = new Map<string, string>();

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
    const named = nameImage(need.image);
    if (named.kind === "failed") return this.#fail(need, named);
    const present = await this.#inspect(named.name, hold, signal);
    const findOnce = this.#finder(need, signal);
    const inspection = "error" in present ? present : await this.#judge(need, present.image, findOnce, signal);
    const decision = decidePull(this.#backoff, this.#pullInput(need), inspection);
    if (decision.kind === "failed") return this.#fail(need, decision);
    if (decision.kind === "ready") {
      this.#record(need, decision.events);
      return { ref: decision.imageRef, user: userOf("image" in present ? present.image : undefined) };
    }
    const found = await findOnce();
    this.#record(need, decision.events);
    const result =
      found.error === undefined
        ? await this.#pull(need, named.name, found.credentials, signal)
        : { error: found.error };
    return this.#conclude(need, named.name, result, hold, signal);
  }

  /** Credentials are looked for only where they matter, and then once. */
  #finder({ pod, image }: ImageNeed, signal: AbortSignal): () => Promise<FoundCredentials> {
    let finding: Promise<FoundCredentials> | undefined;
    return () => {
      finding ??= this.#ports.credentials.find(pod, image, signal).then((found) => {
        for (const { type, reason, message } of found.events) this.#ports.events.pod(pod, type, reason, message);
        return found;
      });
      return finding;
    };
  }

  /** An image that is here, and whether this pod may use it. */
  async #judge(
    { image, policy }: ImageNeed,
    present: CriImage | undefined,
    find: () => Promise<FoundCredentials>,
    signal: AbortSignal,
  ): Promise<Inspection> {
    if (present === undefined) return { imageRef: "" };
    const imageRef = present.id;
    const { pulledImages } = this.#ports;
    // What is pulled in any case proves itself.
    if (pulledImages === undefined || policy === "Always") return { imageRef };
    try {
      const credentials = async () => (await find()).credentials;
      return { imageRef, access: await pulledImages.access(image, imageRef, credentials, signal) };
    } catch {
      signal.throwIfAborted();
      // What cannot be known is for the registry to say.
      return { imageRef, access: "denied" };
    }
  }

  async #conclude(
    need: ImageNeed,
    name: string,
    result: AttemptResult,
    hold: ImageHold,
    signal: AbortSignal,
  ): Promise<ReadyImage | StartFailure> {
    const pulled = "error" in result ? undefined : await this.#inspect(name, hold, signal);
    const image = pulled !== undefined && "image" in pulled ? pulled.image : undefined;
    if ("imageRef" in result) result.intent?.pulled(image?.id ?? result.imageRef, result.used);
    const sized = image === undefined ? result : { ...result, sizeBytes: image.sizeBytes };
    const concluded = concludePull(this.#backoff, this.#pullInput(need), sized);
    this.#backoff = collectBackoff(this.#config, concluded.state, this.#ports.clock.monotonic());
    for (const key of this.#lastFailures.keys()) if (!(key in this.#backoff)) this.#lastFailures.delete(key);
    const { outcome } = concluded;
    if (outcome.kind === "failed") {
      this.#lastFailures.set(keyOf(need), pullFailureText(outcome));
      return this.#fail(need, outcome);
    }
    this.#lastFailures.delete(keyOf(need));
    this.#record(need, outcome.events);
    return { ref: outcome.imageRef, user: userOf(image) };
  }

  #pullInput(need: ImageNeed): PullInput {
    const lastFailure = this.#lastFailures.get(keyOf(need));
    return {
      config: this.#config,
      image: need.image,
      podUid: need.pod.metadata?.uid ?? "",
      policy: need.policy,
      // Back-offs live as long as this agent, so a wall clock that is set has no say in them.
      nowMs: this.#ports.clock.monotonic(),
      ...(lastFailure !== undefined && { lastFailure }),
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

  async #pull(
    { pod, container, image, sandboxConfig }: ImageNeed,
    name: string,
    credentials: readonly Credential[],
    signal: AbortSignal,
  ): Promise<AttemptResult> {
    const { clock } = this.#ports;
    const askedAt = clock.monotonic();
    const watched = this.#ports.watch.begin({ pod, container, image });
    let startedAt = askedAt;
    let intent: PullIntent | undefined;
    const pull = async () => {
      intent = await this.#ports.pulledImages?.intend(image, signal);
      startedAt = clock.monotonic();
      watched.start();
      return this.#tryEach(name, credentials, sandboxConfig, signal);
    };
    try {
      const attempt = await this.#queue.run(pull, signal);
      const endedAt = clock.monotonic();
      return { ...attempt, pullMs: endedAt - startedAt, totalMs: endedAt - askedAt, ...(intent && { intent }) };
    } catch (error) {
      // A pull that was broken off may have got through all the same: its intent stays.
      signal.throwIfAborted();
      intent?.failed();
      return { error: errorMessage(error) };
    } finally {
      watched.end();
    }
  }

  /** One credential after the other, until one brings the image; with none, the pull goes without. */
  async #tryEach(
    name: string,
    credentials: readonly Credential[],
    sandboxConfig: PodSandboxConfig,
    signal: AbortSignal,
  ): Promise<{ readonly imageRef: string; readonly used?: Credential }> {
    const { images } = this.#ports;
    const image = { image: name };
    if (credentials.length === 0) {
      return { imageRef: await images.pullImage(image, undefined, sandboxConfig, { signal }) };
    }
    const errors: string[] = [];
    for (const used of credentials) {
      const { username, password } = used;
      try {
        return { imageRef: await images.pullImage(image, { username, password }, sandboxConfig, { signal }), used };
      } catch (error) {
        signal.throwIfAborted();
        errors.push(errorMessage(error));
      }
    }
    throw new Error(joinedErrors(errors));
  }

  #fail(need: ImageNeed, failure: ImageFailure): StartFailure {
    const { reason, message, retryAtMs } = failure;
    // Source: kubelet kuberuntime_container.go startContainer.
    const failed: ImageEvent = { type: "Warning", reason: "Failed", message: `Error: ${reason}` };
    this.#record(need, [...failure.events, failed]);
    const remainingMs = retryAtMs === undefined ? undefined : Math.max(0, retryAtMs - this.#ports.clock.monotonic());
    // A pull that just failed is shown as that, and soon after as the back-off that follows.
    const retryInMs = reason === "ErrImagePull" ? SHOW_FAILURE_MS : remainingMs;
    return { reason, message, ...(retryInMs !== undefined && { retryInMs }) };
  }

  #record({ pod, container }: ImageNeed, events: readonly ImageEvent[]): void {
    const field = containerField(pod, container);
    for (const { type, reason, message } of events) this.#ports.events.pod(pod, type, reason, message, field);
  }
}

function keyOf({ pod, image }: ImageNeed): string {
  return pullBackoffKey({ podUid: pod.metadata?.uid ?? "", image });
}

function userOf(image: CriImage | undefined): ImageUser {
  if (image?.uid !== undefined) return { uid: image.uid };
  return image === undefined || image.username === "" ? {} : { username: image.username };
}
