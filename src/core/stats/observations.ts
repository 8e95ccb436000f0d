/**
 * Raw figures as the kernel and the runtime tell them: what the Summary is built of. A figure that is absent could not be
 * read: it is never to be taken for zero.
 */
import type { PsiStats } from "./summary.ts";

/** When something was read. */
export interface ObservedAt {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Of the agent's monotonic clock: differences between two observations. */
  readonly monotonicMs: number;
}

/** One cgroup with all below it. Only the parts that were asked for. */
export interface CgroupObservation extends ObservedAt {
  readonly cpu?: { readonly usageCoreNanoSeconds: number };
  readonly memory?: MemoryObservation;
  readonly pids?: PidsObservation;
  /** Ids of the processes (not threads) in the cgroup itself, without those of cgroups below. */
  readonly processes?: readonly number[];
  readonly io?: IoObservation;
  readonly pressure?: PressureObservation;
}

export interface MemoryObservation {
  readonly usageBytes?: number;
  /** Usage without page cache that was not used lately: `usageBytes - inactiveFileBytes`, at least 0. */
  readonly workingSetBytes?: number;
  /** Anonymous memory. */
  readonly rssBytes?: number;
  /** Page cache, with shared memory. */
  readonly cacheBytes?: number;
  readonly inactiveFileBytes?: number;
  readonly activeFileBytes?: number;
  readonly inactiveAnonBytes?: number;
  readonly activeAnonBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly swapBytes?: number;
  /** Absent: no limit, or not read. */
  readonly limitBytes?: number;
  /** Absent: no limit, or not read. */
  readonly swapLimitBytes?: number;
}

/** Processes and threads. */
export interface PidsObservation {
  readonly current?: number;
  /** Absent: no limit. */
  readonly max?: number;
}

/** Sums over all devices since the cgroup was made. */
export interface IoObservation {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
}

/** Pressure stall information; absent: this kernel keeps none for it. */
export interface PressureObservation {
  readonly cpu?: PsiStats;
  readonly memory?: PsiStats;
  readonly io?: PsiStats;
}

/** The machine as a whole. */
export interface MachineObservation extends ObservedAt {
  /** /proc/meminfo. */
  readonly memory?: {
    readonly totalBytes?: number;
    readonly freeBytes?: number;
    /** The kernel's own estimate of what can be had without swapping. */
    readonly availableBytes?: number;
    readonly swapTotalBytes?: number;
    readonly swapFreeBytes?: number;
  };
  /** Processes and threads that exist. */
  readonly tasks?: number;
  /** How many there can be: the smaller one of pid_max and threads-max. */
  readonly maxTasks?: number;
  readonly bootedAtMs?: number;
  readonly pressure?: PressureObservation;
}

/** A mounted filesystem; `usedBytes` counts what is reserved for root as free. */
export interface FilesystemObservation extends ObservedAt {
  /** Equal for directories of the same filesystem, and only for those. */
  readonly device: string;
  readonly capacityBytes: number;
  /** For users without privileges. */
  readonly availableBytes: number;
  readonly usedBytes: number;
  /** Absent: this filesystem makes inodes as it needs them. */
  readonly inodes?: number;
  readonly inodesFree?: number;
}

/** What files take on their disk: in blocks, hard links counted once, mounts and symlink targets not counted. */
export interface DiskUsage extends ObservedAt {
  readonly usedBytes?: number;
  readonly inodesUsed?: number;
  /** There was more than could be counted: the figures are what it is at least. */
  readonly isPartial?: boolean;
}
