/**
 * Figures of volumes that do not lie in their pod's directory. Behind them may be a server that is away: it holds up nobody
 * else's figures, and keeps one thread waiting at most.
 */
import type { VolumeFigures } from "../../core/stats/pod-stats.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { Stats } from "../../ports/stats.ts";
import type { VolumeMeasure } from "../volumes/volume-plugin.ts";

/** Volumes that do not lie in their pod's directory, or whose driver knows best. */
export interface MeasuredVolumes {
  /** The mounted ones of a pod, by their order in its spec. */
  measure(uid: string, signal: AbortSignal): Promise<readonly MeasuredVolume[]>;
}

export interface MeasuredVolume {
  readonly name: string;
  readonly path: string;
  readonly claim?: { readonly name: string; readonly namespace: string };
  readonly measure: VolumeMeasure;
}

export interface OuterVolumesPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Pick<Stats, "diskUsage" | "filesystem">;
  readonly volumes: MeasuredVolumes;
}

/** What takes longer goes on alone, and shows when it has come to its end. */
const LIMIT_MS = 5_000;

export class OuterVolumes {
  readonly #ports: OuterVolumesPorts;
  /** As they were measured last, by pod UID. */
  readonly #known = new Map<string, readonly VolumeFigures[]>();
  /** One pod at a time: the next one begins when this has come. */
  #turn: Promise<void> = Promise.resolve();
  /** Also while a volume does not answer: nothing else is asked then. */
  #isMeasuring = false;

  constructor(ports: OuterVolumesPorts) {
    this.#ports = ports;
  }

  /** In the order of the pod's spec; those from before where they cannot be had now. Bounded in time, never rejects. */
  async measure(uid: string, signal: AbortSignal): Promise<readonly VolumeFigures[]> {
    const mine = this.#turn.then(() => this.#measureInTime(uid, signal));
    this.#turn = mine;
    await mine;
    return this.#known.get(uid) ?? [];
  }

  /** Forgets pods that are gone. */
  keepOnly(uids: ReadonlySet<string>): void {
    for (const uid of this.#known.keys()) if (!uids.has(uid)) this.#known.delete(uid);
  }

  async #measureInTime(uid: string, signal: AbortSignal): Promise<void> {
    if (this.#isMeasuring || signal.aborted) return;
    const { clock, log } = this.#ports;
    this.#isMeasuring = true;
    const inTime = new AbortController();
    const work = this.#measureAll(uid, signal)
      .catch((error: unknown) => log.debug("volumes not measured", { podUid: uid, error: errorMessage(error) }))
      .finally(() => {
        this.#isMeasuring = false;
        inTime.abort();
      });
    const isLate = await Promise.race([work.then(() => false), clock.sleep(LIMIT_MS, inTime.signal)]);
    if (isLate) log.debug("volumes take long to measure", { podUid: uid, limitMs: LIMIT_MS });
  }

  async #measureAll(uid: string, signal: AbortSignal): Promise<void> {
    const volumes: VolumeFigures[] = [];
    for (const volume of await this.#ports.volumes.measure(uid, signal)) {
      volumes.push(await this.#figuresOf(volume, signal));
    }
    if (!signal.aborted) this.#known.set(uid, volumes);
  }

  async #figuresOf({ name, path, claim, measure }: MeasuredVolume, signal: AbortSignal): Promise<VolumeFigures> {
    const { clock, stats } = this.#ports;
    const common = { name, isLocalEphemeral: false, ...(claim !== undefined && { claim }) };
    const observedAt = { atMs: clock.now(), monotonicMs: clock.monotonic() };
    if (measure.kind === "figures") {
      const { usage, room, isAbnormal } = measure;
      const filesystem = { ...observedAt, device: path, usedBytes: usage.usedBytes ?? 0, ...room };
      const health = isAbnormal === undefined ? {} : { isAbnormal };
      return { ...common, usage: { ...observedAt, ...usage }, filesystem, ...health };
    }
    const filesystem = await stats.filesystem(path);
    if (filesystem === undefined) return common;
    if (measure.kind === "directory") {
      const usage = await stats.diskUsage(path, { signal });
      return { ...common, filesystem, ...(usage && { usage }) };
    }
    const { usedBytes, inodes, inodesFree } = filesystem;
    const inodesUsed = inodes !== undefined && inodesFree !== undefined ? { inodesUsed: inodes - inodesFree } : {};
    return { ...common, filesystem, usage: { ...observedAt, usedBytes, ...inodesUsed } };
  }
}
