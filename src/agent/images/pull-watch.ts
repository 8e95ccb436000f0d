/**
 * Watches how far pulls are, for who looks at the pod and for its events. The runtime is asked once a second while a pull
 * lasts longer than that, else not at all.
 */

import { goQuote } from "../../core/api/go-quote.ts";
import type { Pod } from "../../core/api/types.ts";
import { imageRepository } from "../../core/images/image-name.ts";
import {
  type BlobTransfer,
  beginPull,
  manifestOfPull,
  nextTellAtMs,
  type PullProgress,
  type PullState,
  progressText,
  pullProgress,
  samplePull,
} from "../../core/images/pull-progress.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { ImageTransfers } from "../../ports/image-transfers.ts";
import type { Log } from "../../ports/log.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { containerField } from "../runtime/container-field.ts";

export interface PullWatchPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly transfers: ImageTransfers;
  readonly events: Pick<EventRecorder, "pod">;
}

/** A pull that is under way or waits for its turn. */
export interface PullUnderWay {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** As the pod writes it. */
  readonly image: string;
  readonly progress: PullProgress;
}

export interface WatchedPull {
  readonly pod: Pod;
  readonly container: string;
  readonly image: string;
}

interface Entry extends WatchedPull {
  readonly askedAtMs: number;
  /** Absent: waits for its turn. */
  state?: PullState;
  /** By the wall clock, which is the runtime's, too. */
  startedAtWallMs: number;
  manifest?: string;
  tellAtMs: number;
}

type Running = Entry & { state: PullState };

const LOOK_MS = 1_000;
const CALL_TIMEOUT_MS = 5_000;

export class PullWatch {
  readonly #ports: PullWatchPorts;
  readonly #pulls = new Set<Entry>();
  #isTold = true;
  #looking = false;
  #pause = new AbortController();

  constructor(ports: PullWatchPorts) {
    this.#ports = ports;
  }

  /** A pull waits for its turn from now on; `start` when that comes, `end` in any case. */
  begin(pull: WatchedPull): { start(): void; end(): void } {
    const { clock } = this.#ports;
    const entry: Entry = { ...pull, askedAtMs: clock.monotonic(), startedAtWallMs: 0, tellAtMs: 0 };
    this.#pulls.add(entry);
    return {
      start: () => {
        const nowMs = clock.monotonic();
        entry.state = beginPull(nowMs);
        entry.startedAtWallMs = clock.now();
        entry.tellAtMs = nextTellAtMs(nowMs, nowMs);
        void this.#look();
      },
      end: () => {
        this.#pulls.delete(entry);
        if (this.#running().length === 0) this.#pause.abort();
      },
    };
  }

  list(): readonly PullUnderWay[] {
    return [...this.#pulls].map((entry) => {
      const { name = "", namespace = "default", uid = "" } = entry.pod.metadata ?? {};
      const { container, image } = entry;
      return { podUid: uid, namespace, pod: name, container, image, progress: this.#progress(entry) };
    });
  }

  #progress({ state, askedAtMs }: Entry): PullProgress {
    const nowMs = this.#ports.clock.monotonic();
    if (state === undefined) return { phase: "waiting", elapsedMs: nowMs - askedAtMs };
    const progress = pullProgress(state, nowMs);
    return this.#isTold ? progress : { phase: "unknown", elapsedMs: progress.elapsedMs };
  }

  /** Goes on as long as something is pulled. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    while (this.#running().length > 0) {
      this.#pause = new AbortController();
      await this.#ports.clock.sleep(LOOK_MS, this.#pause.signal);
      if (this.#running().length === 0) break;
      if (this.#isTold) await this.#observe().catch((error: unknown) => this.#untold(error));
      this.#tell();
    }
    this.#looking = false;
  }

  #running(): readonly Running[] {
    return [...this.#pulls].filter((entry): entry is Running => entry.state !== undefined);
  }

  #untold(error: unknown): void {
    const { log } = this.#ports;
    if (!isRuntimeError(error, "Unimplemented")) {
      log.debug("progress of pulls not seen", { error: errorMessage(error) });
      return;
    }
    this.#isTold = false;
    log.info("this runtime does not tell how far pulls are");
  }

  async #observe(): Promise<void> {
    const { transfers: store, clock } = this.#ports;
    const options = { timeoutMs: CALL_TIMEOUT_MS };
    const transfers = await store.transfers(options);
    // The pull that began last has the fewest manifests to choose from.
    for (const entry of this.#running().toReversed()) {
      await this.#findManifest(entry, transfers);
      const blobs = entry.state.blobs ?? [];
      const present = await store.present(
        blobs.map(({ digest }) => digest),
        options,
      );
      entry.state = samplePull(entry.state, transfers, present, clock.monotonic());
    }
  }

  async #findManifest(entry: Running, transfers: readonly BlobTransfer[]): Promise<void> {
    const repository = imageRepository(entry.image);
    if (entry.manifest !== undefined || repository === undefined) return;
    const manifests = await this.#ports.transfers.manifests(repository, { timeoutMs: CALL_TIMEOUT_MS });
    const found = manifestOfPull(manifests, {
      startedAtMs: entry.startedAtWallMs,
      earliestStartMs: Math.min(...this.#running().map(({ startedAtWallMs }) => startedAtWallMs)),
      transfers,
      taken: new Set([...this.#pulls].flatMap(({ manifest }) => manifest ?? [])),
    });
    if (found === undefined) return;
    entry.manifest = found.digest;
    entry.state = { ...entry.state, blobs: found.blobs };
  }

  /** Without figures there is nothing to tell that the pod's status does not say. */
  #tell(): void {
    const nowMs = this.#ports.clock.monotonic();
    for (const entry of this.#running()) {
      if (nowMs < entry.tellAtMs || !this.#isTold) continue;
      entry.tellAtMs = nextTellAtMs(entry.state.startedAtMs, nowMs);
      const text = `Pulling image ${goQuote(entry.image)}: ${progressText(pullProgress(entry.state, nowMs))}`;
      this.#ports.events.pod(entry.pod, "Normal", "Pulling", text, containerField(entry.pod, entry.container));
    }
  }
}
