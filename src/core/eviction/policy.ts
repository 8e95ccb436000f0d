/** What tskubelet lets a node decide otherwise than the kubelet does. Every default is the kubelet's behaviour. */
export interface EvictionPolicy {
  /**
   * Reference: at most one pod in a step. AsNeeded: where the shortfall is bigger than one pod, as many as the arithmetic
   * asks for, and never more.
   */
  readonly evictionPace: "Reference" | "AsNeeded";
  /**
   * What `evictionMaxPodGracePeriod` means to a soft eviction. Reference: it replaces the pod's own grace period, a negative
   * number too. AsDocumented: it caps it, and a negative number leaves it as it is (kubernetes#118172).
   */
  readonly softGracePeriod: "Reference" | "AsDocumented";
  /**
   * A pod that is on its way out counts as freeing its usage, and a hard threshold ends its grace period before it turns to
   * a pod that is well (kubernetes#122297, kubernetes#123872).
   */
  readonly overtakeTerminating: boolean;
  /**
   * How much memory is available. WorkingSet: the page cache in active use counts as used. MemAvailable: what the kernel
   * says it can give. Guarded: the larger of the two, so that both must be short.
   */
  readonly memoryAvailability: "WorkingSet" | "MemAvailable" | "Guarded";
  /** Free swap counts as available memory. */
  readonly swapAware: boolean;
  /** Absent: shortage alone evicts. */
  readonly psiGuard?: PsiGuard;
  /** Pods over their memory request are asked for memory before one is evicted. */
  readonly reclaimBeforeKill: boolean;
  /** Decide and tell, but do nothing and believe nothing done. */
  readonly dryRun: boolean;
}

/** Memory evicts only while tasks stall for it, and not again within the cool-down. */
export interface PsiGuard {
  /** Least share of the last 10 s in which some task stalled; absent: it does not count. */
  readonly someAvg10Percent?: number;
  /** Least share of the last 10 s in which all tasks stalled; absent: it does not count. */
  readonly fullAvg10Percent?: number;
  readonly cooldownSeconds: number;
}

export const REFERENCE_POLICY: EvictionPolicy = {
  evictionPace: "Reference",
  softGracePeriod: "Reference",
  overtakeTerminating: false,
  memoryAvailability: "WorkingSet",
  swapAware: false,
  reclaimBeforeKill: false,
  dryRun: false,
};
