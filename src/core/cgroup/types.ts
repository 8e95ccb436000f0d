/** A cgroup below the agent's cgroup root, as path segments: `["kubepods", "burstable", "pod<uid>"]`; `[]` is the root. */
export type CgroupName = readonly string[];

/** Limits of one cgroup. Absent: not written, the kernel's value stays. */
export interface CgroupResources {
  /** Relative weight, cgroup v1 units (2 to 262144); v2 weights are converted from it. */
  readonly cpuShares?: number;
  /** Microseconds of CPU time per period; -1: no limit. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  /** -1: no limit. */
  readonly memoryLimitBytes?: number;
  /** -1: no limit. */
  readonly pidsLimit?: number;
  /** Page size ("2MB", "1GB") -> limit in bytes. */
  readonly hugePageLimits?: Readonly<Record<string, number>>;
  /** cgroup v2 files written as they are ("memory.min" -> "1024"); ignored on v1. */
  readonly unified?: Readonly<Record<string, string>>;
}
