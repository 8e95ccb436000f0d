/**
 * What pods take of disks. Walking through files is slow, so it is done in the background: each pod is measured when its
 * figures are old, the costlier the more seldom, and at once when a decision needs them.
 */
import { POD_UID_LABEL } from "../../core/cri/labels.ts";
import { podLogDirectory } from "../../core/logs/log-paths.ts";
import { sumOfUsages } from "../../core/stats/filesystem-stats.ts";
import type { DiskUsage } from "../../core/stats/observations.ts";
import type { VolumeFigures } from "../../core/stats/pod-stats.ts";
import { volumePlaces } from "../../core/stats/volume-place.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { CriContainerStats, RuntimeService } from "../../ports/runtime.ts";
import type { Stats } from "../../ports/stats.ts";
import type { VolumeMeasure } from "../volumes/volume-plugin.ts";
import type { MeasuredPod } from "./pod-selection.ts";

export interface DiskLedgerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Pick<Stats, "diskUsage" | "filesystem">;
  readonly runtime: Pick<RuntimeService, "listContainerStats">;
  readonly volumes: MeasuredVolumes;
}

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

export interface DiskLedgerOptions {
  /** One directory for each pod UID. */
  readonly podsDirectory: string;
  readonly logRoot: string;
  /** Figures may be this old; 0 or less: volumes are measured for decisions alone. Source: volumeStatsAggPeriod. */
  readonly periodMs: number;
}

/** A pod's files, as they were last measured. */
export interface PodDiskFigures {
  readonly volumes: readonly VolumeFigures[];
  /** By container name. */
  readonly logs: ReadonlyMap<string, DiskUsage>;
  readonly ownFiles?: DiskUsage;
}

interface Entry {
  readonly figures: PodDiskFigures;
  /** Monotonic. */
  readonly dueAt: number;
}

/** Measuring takes at most one part in so many of the time. */
const REST_FACTOR = 20;
const USUAL_PERIOD_MS = 60_000;
/** More pods than this are asked for all at once. */
const FEW_PODS = 4;
const RUNTIME_TIMEOUT_MS = 10_000;

export class DiskLedger {
  readonly #ports: DiskLedgerPorts;
  readonly #options: DiskLedgerOptions;
  readonly #entries = new Map<string, Entry>();
  /** By container id. */
  #layers = new Map<string, DiskUsage>();
  #layersDueAt = -Infinity;
  /** The measurement that is under way or waits, by pod UID. */
  readonly #measuring = new Map<string, Promise<void>>();

  constructor(ports: DiskLedgerPorts, options: DiskLedgerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** `undefined`: never measured. */
  figures(uid: string): PodDiskFigures | undefined {
    return this.#entries.get(uid)?.figures;
  }

  writableLayer(containerId: string): DiskUsage | undefined {
    return this.#layers.get(containerId);
  }

  /** Measures what is old, one pod after the other, and forgets pods that are gone. */
  async update(pods: readonly MeasuredPod[], signal: AbortSignal): Promise<void> {
    const known = new Set(pods.map(({ podRef }) => podRef.uid));
    for (const uid of this.#entries.keys()) if (!known.has(uid)) this.#entries.delete(uid);
    const { clock } = this.#ports;
    if (pods.length > 0 && this.#layersDueAt <= clock.monotonic()) await this.#readAllLayers();
    for (const pod of this.#due(pods)) {
      if (signal.aborted) return;
      await this.#measure(pod, signal, this.#options.periodMs > 0);
    }
  }

  /** Once one is due, those that would be soon are measured with it: a round in a while costs less than many small ones. */
  #due(pods: readonly MeasuredPod[]): readonly MeasuredPod[] {
    const now = this.#ports.clock.monotonic();
    const dueBy = (atMs: number) => (pod: MeasuredPod) =>
      (this.#entries.get(pod.podRef.uid)?.dueAt ?? -Infinity) <= atMs;
    return pods.some(dueBy(now)) ? pods.filter(dueBy(now + periodOf(this.#options) / 2)) : [];
  }

  /** Measures these pods now, however young their figures are. Ends early, with what there is, when `signal` is aborted. */
  async refresh(pods: readonly MeasuredPod[], signal: AbortSignal): Promise<void> {
    const layers =
      pods.length > FEW_PODS
        ? this.#readAllLayers()
        : Promise.all(pods.map(({ podRef }) => this.#readLayers(podRef.uid)));
    await Promise.all([layers, ...pods.map((pod) => this.#measure(pod, signal, true))]);
  }

  /** A measurement that has begun may have missed the latest: who asks meanwhile waits for one more. */
  #measure(pod: MeasuredPod, signal: AbortSignal, withVolumes: boolean): Promise<void> {
    const { uid } = pod.podRef;
    const before = this.#measuring.get(uid) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : this.#measureNow(pod, signal, withVolumes)));
    this.#measuring.set(uid, mine);
    return mine.finally(() => {
      if (this.#measuring.get(uid) === mine) this.#measuring.delete(uid);
    });
  }

  async #measureNow({ podRef, pod, containers }: MeasuredPod, signal: AbortSignal, withVolumes: boolean) {
    const { clock, stats } = this.#ports;
    const { podsDirectory, logRoot } = this.#options;
    const begun = clock.monotonic();
    const logDirectory = podLogDirectory(podRef, logRoot);
    const places = withVolumes ? volumePlaces(pod.spec?.volumes ?? [], podRef.uid, podsDirectory) : [];
    const volumes: VolumeFigures[] = [];
    for (const { name, directory, isLocalEphemeral } of places) {
      const usage = await stats.diskUsage(directory, { signal });
      const filesystem = usage && (await stats.filesystem(directory));
      volumes.push({ name, isLocalEphemeral, ...(usage && { usage }), ...(filesystem && { filesystem }) });
    }
    for (const volume of withVolumes ? await this.#ports.volumes.measure(podRef.uid, signal) : []) {
      volumes.push(await this.#figuresOf(volume, signal));
    }
    const logs = new Map<string, DiskUsage>();
    for (const { name } of containers) {
      const usage = await stats.diskUsage(`${logDirectory}/${name}`, { filesOnly: true, signal });
      if (usage !== undefined) logs.set(name, usage);
    }
    const ownFiles = sumOfUsages([
      await stats.diskUsage(logDirectory, { filesOnly: true, signal }),
      await stats.diskUsage(`${podsDirectory}/${podRef.uid}/etc-hosts`, { signal }),
    ]);
    if (signal.aborted) return;
    const figures = { volumes, logs, ...(ownFiles && { ownFiles }) };
    this.#entries.set(podRef.uid, { figures, dueAt: this.#nextAfter(begun) });
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

  /** When to measure again what was measured since `begun`. */
  #nextAfter(begun: number): number {
    const now = this.#ports.clock.monotonic();
    return now + Math.max(periodOf(this.#options), (now - begun) * REST_FACTOR);
  }

  async #readAllLayers(): Promise<void> {
    const { clock } = this.#ports;
    const begun = clock.monotonic();
    const all = await this.#listStats();
    this.#layersDueAt = this.#nextAfter(begun);
    if (all !== undefined) this.#layers = this.#layersOf(all);
  }

  async #readLayers(uid: string): Promise<void> {
    const found = await this.#listStats(uid);
    if (found !== undefined) this.#layers = new Map([...this.#layers, ...this.#layersOf(found)]);
  }

  /** `undefined`: the runtime does not tell now; what it told before is kept, with its age. */
  async #listStats(uid?: string): Promise<readonly CriContainerStats[] | undefined> {
    const filter = uid === undefined ? undefined : { labelSelector: { [POD_UID_LABEL]: uid } };
    try {
      return await this.#ports.runtime.listContainerStats(filter, { timeoutMs: RUNTIME_TIMEOUT_MS });
    } catch (error) {
      this.#ports.log.warn("writable layers not measured", { error: errorMessage(error) });
      return undefined;
    }
  }

  #layersOf(all: readonly CriContainerStats[]): Map<string, DiskUsage> {
    const monotonicMs = this.#ports.clock.monotonic();
    return new Map(
      all.flatMap(({ id, writableLayer }) => {
        if (writableLayer === undefined) return [];
        const { timestampMs: atMs, usedBytes, inodesUsed } = writableLayer;
        const usage = {
          atMs,
          monotonicMs,
          ...(usedBytes !== undefined && { usedBytes }),
          ...(inodesUsed !== undefined && { inodesUsed }),
        };
        return [[id, usage] as const];
      }),
    );
  }
}

function periodOf({ periodMs }: DiskLedgerOptions): number {
  return periodMs > 0 ? periodMs : USUAL_PERIOD_MS;
}
