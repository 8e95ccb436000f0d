/**
 * Removes images that nothing uses: when the disk is too full, when they are too old, and all of them when the eviction
 * manager asks. The decisions are core's (image-gc). Source of the periods and the node's events: kubelet
 * images/image_gc_manager.go, kubelet.go StartGarbageCollection.
 */
import {
  concludeImageAging,
  concludeImageGc,
  detectImages,
  type ImageGcGoal,
  type ImageGcMode,
  type ImageGcPolicy,
  type ImageRecord,
  type ImageRecords,
  type ImageSighting,
  imageDiskShortfall,
  isEnough,
  planImageGc,
} from "../../core/images/image-gc.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { ImageService, RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ImageHolds, ImageRemovals } from "./image-holds.ts";
import { observeImages } from "./observe-images.ts";
import type { PulledImages } from "./pulled-images.ts";

export interface DiskSpace {
  readonly capacityBytes: number;
  /** What processes without privileges may still write. */
  readonly availableBytes: number;
}

export interface ImageGcPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Pick<RuntimeService, "listContainers">;
  readonly images: ImageService;
  /** How full the filesystem is that holds a path; `undefined`: it cannot be asked. */
  readonly filesystem: (path: string) => Promise<DiskSpace | undefined>;
  readonly store: RecordStore;
  readonly events: EventRecorder;
  readonly holds: ImageHolds;
  /** Forgets how images that are gone were pulled; absent: nobody remembers. */
  readonly pulledImages?: Pick<PulledImages, "beginLook">;
}

export interface ImageGcOptions {
  readonly policy: ImageGcPolicy;
  /** Between two runs (the kubelet: five minutes). */
  readonly periodMs: number;
  /** Names of images that always stay, the sandbox image among them. */
  readonly keepImages: readonly string[];
  /** Names of images that pods use beside those of their containers. */
  readonly alsoUsed?: () => readonly string[];
}

export const IMAGE_GC_PERIOD_MS = 300_000;

/** What a run did. The bytes are what the runtime says of the images' sizes, not what the disk got back. */
export interface ImageGcResult {
  readonly removed: readonly string[];
  readonly freedBytes: number;
  readonly error?: string;
}

/** Pods that were here before the agent have their containers back, or hold their images, by then. */
const FIRST_RUN_MS = 60_000;
/**
 * How soon a new image is noticed. Differs: the kubelet looks every 5 minutes, and until then an image is too young to go
 * when the disk is full, so that a pod has to go in its place.
 */
const LOOK_MS = 30_000;

const TABLE = "imagegc";
const KEY = "records";

export class ImageGc {
  readonly #ports: ImageGcPorts;
  readonly #options: ImageGcOptions;
  /** Times are those of the monotonic clock; of earlier agents' records they are negative. */
  #records: ImageRecords;
  /** The images have been seen once: what comes from now on is new. */
  #initialized = false;
  #failedBefore = false;
  /** One run at a time. */
  #running: Promise<unknown> = Promise.resolve();
  #done: Promise<void> = Promise.resolve();

  constructor(ports: ImageGcPorts, options: ImageGcOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#records = storedRecords(ports);
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** Removes images as the policy says, because of their age and because the disk is too full. Never rejects. */
  collect(signal?: AbortSignal): Promise<ImageGcResult> {
    return this.#inTurn(signal, (removals) => this.#collect(removals, signal));
  }

  /**
   * Removes every unused image that has reached the minimum age; for the eviction manager, which measures afterwards.
   * An aborted `signal` ends it after the removal that is under way. Never rejects.
   */
  deleteUnusedImages(signal?: AbortSignal): Promise<ImageGcResult> {
    return this.#inTurn(signal, async (removals) => {
      const sighting = await this.#look(signal);
      return this.#free({ kind: "all" }, sighting, removals, signal);
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    const { policy, periodMs } = this.#options;
    await this.#look(signal).catch((error: unknown) => log.debug("images not seen", { error: errorMessage(error) }));
    const isOff = policy.highThresholdPercent === 100 && policy.maxAgeMs === 0;
    let dueAt = clock.monotonic() + FIRST_RUN_MS;
    while (await clock.sleep(LOOK_MS, signal)) {
      if (isOff || clock.monotonic() < dueAt) {
        await this.#look(signal).catch(() => {});
        continue;
      }
      dueAt = clock.monotonic() + periodMs;
      this.#tell(await this.collect(signal), signal);
    }
  }

  /** A run may fail once for a passing reason: only failures in a row are an event of the node. */
  #tell({ error }: ImageGcResult, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (error !== undefined) {
      this.#ports.log.warn("image garbage collection failed", { error });
      if (this.#failedBefore) this.#ports.events.node("Warning", "ImageGCFailed", error);
    }
    this.#failedBefore = error !== undefined;
  }

  async #inTurn(
    signal: AbortSignal | undefined,
    work: (removals: ImageRemovals) => Promise<ImageGcResult>,
  ): Promise<ImageGcResult> {
    const result = this.#running.then(async () => {
      if (signal?.aborted === true) return NOTHING;
      // Begun before the look, so that a container that the look misses still keeps its image.
      const removals = this.#ports.holds.beginRemovals();
      try {
        return await work(removals);
      } catch (error) {
        return { ...NOTHING, error: errorMessage(error) };
      } finally {
        removals.end();
      }
    });
    this.#running = result;
    return result;
  }

  async #collect(removals: ImageRemovals, signal: AbortSignal | undefined): Promise<ImageGcResult> {
    const { policy } = this.#options;
    const sighting = await this.#look(signal);
    const aged = policy.maxAgeMs === 0 ? NOTHING : await this.#age(sighting, removals, signal);
    const shortfall = imageDiskShortfall(policy, await this.#disk(signal));
    if (shortfall.kind === "enough") return aged;
    if (shortfall.kind === "invalid") {
      const { type, reason, message } = shortfall.event;
      this.#ports.events.node(type, reason, message);
      return { ...aged, error: shortfall.error };
    }
    const { usagePercent, goal } = shortfall;
    this.#ports.log.info("disk of images is over the high threshold", { usagePercent, ...policy, ...goal });
    const images = sighting.images.filter(({ id }) => !aged.removed.includes(id));
    return both(aged, await this.#free(goal, { ...sighting, images }, removals, signal));
  }

  async #age(
    sighting: ImageSighting,
    removals: ImageRemovals,
    signal: AbortSignal | undefined,
  ): Promise<ImageGcResult> {
    const { removed, freedBytes, failures } = await this.#remove({ kind: "all" }, "tooOld", sighting, removals, signal);
    const error = concludeImageAging(this.#options.policy, failures);
    return { removed, freedBytes, ...(error !== undefined && { error }) };
  }

  async #free(
    goal: ImageGcGoal,
    sighting: ImageSighting,
    removals: ImageRemovals,
    signal: AbortSignal | undefined,
  ): Promise<ImageGcResult> {
    const run = await this.#remove(goal, "unneeded", sighting, removals, signal);
    const { removed, freedBytes } = run;
    if (signal?.aborted === true) return { removed, freedBytes };
    const { event, error } = concludeImageGc({ goal, ...run });
    if (event !== undefined) this.#ports.events.node(event.type, event.reason, event.message);
    return { removed, freedBytes, ...(error !== undefined && { error }) };
  }

  async #remove(
    goal: ImageGcGoal,
    mode: ImageGcMode,
    sighting: ImageSighting,
    removals: ImageRemovals,
    signal: AbortSignal | undefined,
  ): Promise<RemovalRun> {
    const { log, images } = this.#ports;
    const { plan, trace } = planImageGc(this.#options.policy, this.#records, sighting, mode);
    log.debug("images judged", { mode, trace });
    const removed: string[] = [];
    const failures: string[] = [];
    let freedBytes = 0;
    for (const { id, sizeBytes } of plan) {
      if (signal?.aborted === true) break;
      try {
        const tried = await removals.remove(id, () => images.removeImage({ image: id }));
        if (!tried) continue;
      } catch (error) {
        failures.push(errorMessage(error));
        continue;
      }
      log.info("image removed", { image: id, sizeBytes, because: mode });
      removed.push(id);
      freedBytes += sizeBytes;
      if (isEnough(goal, freedBytes)) break;
    }
    this.#remember(new Map([...this.#records].filter(([id]) => !removed.includes(id))));
    return { removed, freedBytes, failures };
  }

  /** Lists images and who uses them, and remembers both. */
  async #look(signal: AbortSignal | undefined): Promise<ImageSighting> {
    const { runtime, images, clock } = this.#ports;
    const options = signal === undefined ? {} : { signal };
    const endLook = this.#ports.pulledImages?.beginLook();
    const { keepImages, alsoUsed } = this.#options;
    const keep = [...keepImages, ...(alsoUsed?.() ?? [])];
    const observed = await observeImages({ runtime, images }, keep, options).catch((error: unknown) => {
      endLook?.(undefined);
      throw error;
    });
    endLook?.(new Set(observed.images.map(({ id }) => id)));
    const sighting = { ...observed, nowMs: clock.monotonic() };
    this.#remember(detectImages(this.#records, sighting, this.#initialized ? sighting.nowMs : null));
    this.#initialized = true;
    return sighting;
  }

  async #disk(signal: AbortSignal | undefined) {
    const { images } = this.#ports;
    const { imageFilesystems } = await images.imageFsInfo(signal === undefined ? {} : { signal });
    const [filesystem] = imageFilesystems;
    return filesystem === undefined ? undefined : this.#ports.filesystem(filesystem.mountpoint);
  }

  #remember(records: ImageRecords): void {
    const { store, clock } = this.#ports;
    this.#records = records;
    const toWall = clock.now() - clock.monotonic();
    store.put(TABLE, KEY, Object.fromEntries([...records].map(([id, record]) => [id, shifted(record, toWall)])));
  }
}

interface RemovalRun {
  readonly removed: readonly string[];
  readonly freedBytes: number;
  readonly failures: readonly string[];
}

const NOTHING: ImageGcResult = { removed: [], freedBytes: 0 };

function both(a: ImageGcResult, b: ImageGcResult): ImageGcResult {
  const error = b.error ?? a.error;
  return {
    removed: [...a.removed, ...b.removed],
    freedBytes: a.freedBytes + b.freedBytes,
    ...(error !== undefined && { error }),
  };
}

/** Differs: the kubelet forgets with each restart when images were used. A time in the future counts as now. */
function storedRecords({ store, clock }: Pick<ImageGcPorts, "store" | "clock">): ImageRecords {
  const stored = store.get(TABLE, KEY) as Readonly<Record<string, ImageRecord>> | undefined;
  const nowMs = clock.now();
  const past = (ms: number | null) => (ms === null ? null : Math.min(ms, nowMs));
  return new Map(
    Object.entries(stored ?? {}).map(([id, { firstDetectedAtMs, lastUsedAtMs }]) => {
      const record = { firstDetectedAtMs: past(firstDetectedAtMs), lastUsedAtMs: past(lastUsedAtMs) };
      return [id, shifted(record, clock.monotonic() - nowMs)];
    }),
  );
}

function shifted({ firstDetectedAtMs, lastUsedAtMs }: ImageRecord, byMs: number): ImageRecord {
  const shift = (ms: number | null) => (ms === null ? null : ms + byMs);
  return { firstDetectedAtMs: shift(firstDetectedAtMs), lastUsedAtMs: shift(lastUsedAtMs) };
}
