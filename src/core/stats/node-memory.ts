/** The memory of the node and of all pods at this moment: what decides whether there is pressure. */
import type { CgroupObservation, MachineObservation, MemoryObservation, ObservedAt } from "./observations.ts";

/** Absent: not observed. */
export interface NodeMemory extends ObservedAt {
  /** The machine: signal memory.available. */
  readonly node?: MemoryLevel;
  /** All pods below the limit of their cgroup: signal allocatableMemory.available. */
  readonly pods?: MemoryLevel;
  /** Page cache of all pods that is in use. */
  readonly podsActiveFileBytes?: number;
  /** The kernel's own estimate (MemAvailable). */
  readonly kernelAvailableBytes?: number;
  readonly swapTotalBytes?: number;
  readonly swapFreeBytes?: number;
}

/** `availableBytes`: capacity less the working set, at least 0. All of one moment; a level is whole or not there. */
export interface MemoryLevel {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usageBytes: number;
  readonly workingSetBytes: number;
  /** Page cache that was not used lately: usage without it is the working set. */
  readonly inactiveFileBytes: number;
}

export function nodeMemory(
  machine: MachineObservation,
  root: CgroupObservation | undefined,
  pods: CgroupObservation | undefined,
): NodeMemory {
  const { availableBytes, swapTotalBytes, swapFreeBytes, totalBytes } = machine.memory ?? {};
  const { activeFileBytes } = pods?.memory ?? {};
  const node = memoryLevel(root?.memory, totalBytes);
  const ofPods = memoryLevel(pods?.memory, pods?.memory?.limitBytes);
  return {
    atMs: machine.atMs,
    monotonicMs: machine.monotonicMs,
    ...(node !== undefined && { node }),
    ...(ofPods !== undefined && { pods: ofPods }),
    ...(activeFileBytes !== undefined && { podsActiveFileBytes: activeFileBytes }),
    ...(availableBytes !== undefined && { kernelAvailableBytes: availableBytes }),
    ...(swapTotalBytes !== undefined && { swapTotalBytes }),
    ...(swapFreeBytes !== undefined && { swapFreeBytes }),
  };
}

function memoryLevel(memory: MemoryObservation | undefined, capacityBytes: number | undefined) {
  const { usageBytes, workingSetBytes, inactiveFileBytes } = memory ?? {};
  if (capacityBytes === undefined || usageBytes === undefined) return undefined;
  if (workingSetBytes === undefined || inactiveFileBytes === undefined) return undefined;
  const availableBytes = Math.max(0, capacityBytes - workingSetBytes);
  const level: MemoryLevel = { capacityBytes, availableBytes, usageBytes, workingSetBytes, inactiveFileBytes };
  return level;
}
