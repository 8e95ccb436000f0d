import type { FsStats, MemoryStats, PodStats, Summary } from "../stats/summary.ts";
import {
  type MemoryAvailability,
  type MemoryFacts,
  nodeMemoryAvailability,
  podsMemoryAvailability,
} from "./availability.ts";
import type { EvictionPolicy } from "./policy.ts";
import type { Signal } from "./signals.ts";

/** What was measured for one signal, in bytes, inodes or processes. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
  /** When it was measured, RFC 3339; "" where that is not known. */
  readonly time: string;
}

/** A signal that was not observed is absent: no threshold of it is met. */
export type SignalObservations = Readonly<Partial<Record<Signal, Observation>>>;

export interface Observed {
  readonly signals: SignalObservations;
  /** Of the node. */
  readonly memory?: MemoryAvailability;
  /** Of all pods together. */
  readonly podsMemory?: MemoryAvailability;
  /** Statistics by pod UID. */
  readonly podStats: ReadonlyMap<string, PodStats>;
}

const NO_FACTS: MemoryFacts = {};

/** Source: kubelet eviction makeSignalObservations of 1.26. */
export function observeSignals(
  summary: Summary,
  facts: MemoryFacts | undefined,
  policy: Pick<EvictionPolicy, "memoryAvailability" | "swapAware">,
): Observed {
  const { node } = summary;
  const pods = node.systemContainers?.find(({ name }) => name === "pods");
  const memory = nodeMemoryAvailability(node.memory, node.swap, facts ?? NO_FACTS, policy);
  const podsMemory = podsMemoryAvailability(pods?.memory, pods?.swap, facts ?? NO_FACTS, policy);
  const signals: Partial<Record<Signal, Observation>> = {};
  if (memory !== undefined) signals["memory.available"] = ofMemory(node.memory, memory);
  if (podsMemory !== undefined) signals["allocatableMemory.available"] = ofMemory(pods?.memory, podsMemory);
  observeBytes(signals, "nodefs.available", node.fs);
  observeInodes(signals, "nodefs.inodesFree", node.fs);
  // The kubelet of 1.26 looks at the inodes of images only where their bytes are known.
  if (observeBytes(signals, "imagefs.available", node.runtime?.imageFs)) {
    observeInodes(signals, "imagefs.inodesFree", node.runtime?.imageFs);
  }
  observeBytes(signals, "containerfs.available", node.runtime?.containerFs);
  observeInodes(signals, "containerfs.inodesFree", node.runtime?.containerFs);
  const { maxpid, curproc, time } = node.rlimit ?? {};
  if (maxpid !== undefined && curproc !== undefined) {
    signals["pid.available"] = { available: maxpid - curproc, capacity: maxpid, time: time ?? "" };
  }
  return {
    signals,
    ...(memory !== undefined && { memory }),
    ...(podsMemory !== undefined && { podsMemory }),
    podStats: new Map((summary.pods ?? []).map((stats) => [stats.podRef.uid, stats])),
  };
}

function ofMemory(stats: MemoryStats | undefined, { chosenBytes }: MemoryAvailability): Observation {
  const capacity = (stats?.availableBytes ?? 0) + (stats?.workingSetBytes ?? 0);
  return { available: chosenBytes, capacity, time: stats?.time ?? "" };
}

type Signals = Partial<Record<Signal, Observation>>;

function observeBytes(signals: Signals, signal: Signal, fs: FsStats | undefined): boolean {
  if (fs?.availableBytes === undefined || fs.capacityBytes === undefined) return false;
  signals[signal] = { available: fs.availableBytes, capacity: fs.capacityBytes, time: fs.time ?? "" };
  return true;
}

function observeInodes(signals: Signals, signal: Signal, fs: FsStats | undefined): void {
  if (fs?.inodesFree === undefined || fs.inodes === undefined) return;
  signals[signal] = { available: fs.inodesFree, capacity: fs.inodes, time: fs.time ?? "" };
}
