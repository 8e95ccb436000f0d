/** How much memory is available, by each way to count it. */
import type { MemoryStats, PsiStats, SwapStats } from "../stats/summary.ts";
import type { EvictionPolicy } from "./policy.ts";

/** What the summary does not carry. Absent: not observed. */
export interface MemoryFacts {
  /** MemAvailable of /proc/meminfo. */
  readonly memAvailableBytes?: number;
  /** Page cache in active use by all pods, which the kernel can take back before their cgroup is out of memory. */
  readonly podsActiveFileBytes?: number;
  /** Memory stalls of the node; absent: those of the summary. */
  readonly psi?: PsiStats;
}

/** All the numbers side by side; absent: not observed. */
export interface MemoryAvailability {
  readonly workingSetBytes: number;
  readonly memAvailableBytes?: number;
  /** The larger of the two. */
  readonly guardedBytes?: number;
  /** Free swap; counts where the policy says so. */
  readonly swapFreeBytes?: number;
  /** What the decision goes by. */
  readonly chosenBytes: number;
  /** The wanted way had nothing observed, so that the working set decides. */
  readonly isFallback: boolean;
}

type AvailabilityPolicy = Pick<EvictionPolicy, "memoryAvailability" | "swapAware">;

/** Available memory of the node; undefined where the working set was not observed. */
export function nodeMemoryAvailability(
  memory: MemoryStats | undefined,
  swap: SwapStats | undefined,
  facts: MemoryFacts,
  policy: AvailabilityPolicy,
): MemoryAvailability | undefined {
  return choose(memory, facts.memAvailableBytes, swap?.swapAvailableBytes, policy);
}

/** Available memory below the limit of all pods: what the kernel could take back there is their active page cache. */
export function podsMemoryAvailability(
  memory: MemoryStats | undefined,
  swap: SwapStats | undefined,
  { podsActiveFileBytes }: MemoryFacts,
  policy: AvailabilityPolicy,
): MemoryAvailability | undefined {
  const free = memory?.availableBytes;
  const memAvailable = free === undefined || podsActiveFileBytes === undefined ? undefined : free + podsActiveFileBytes;
  return choose(memory, memAvailable, swap?.swapAvailableBytes, policy);
}

function choose(
  memory: MemoryStats | undefined,
  memAvailableBytes: number | undefined,
  swapFreeBytes: number | undefined,
  policy: AvailabilityPolicy,
): MemoryAvailability | undefined {
  const workingSetBytes = memory?.availableBytes;
  if (workingSetBytes === undefined || memory?.workingSetBytes === undefined) return undefined;
  const guardedBytes = memAvailableBytes === undefined ? undefined : Math.max(workingSetBytes, memAvailableBytes);
  const wanted = { WorkingSet: workingSetBytes, MemAvailable: memAvailableBytes, Guarded: guardedBytes };
  const chosen = wanted[policy.memoryAvailability];
  return {
    workingSetBytes,
    ...(memAvailableBytes !== undefined && { memAvailableBytes }),
    ...(guardedBytes !== undefined && { guardedBytes }),
    ...(swapFreeBytes !== undefined && { swapFreeBytes }),
    chosenBytes: (chosen ?? workingSetBytes) + (policy.swapAware ? (swapFreeBytes ?? 0) : 0),
    isFallback: chosen === undefined,
  };
}
