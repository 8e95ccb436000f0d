/** CPU time per second out of two looks at the same cgroup. */
import type { CgroupObservation } from "./observations.ts";

/** The look that the next one is compared with, and what the one before it gave. */
export interface CpuSample {
  readonly monotonicMs: number;
  readonly usageCoreNanoSeconds: number;
  /** Absent: there was nothing to compare with. */
  readonly usageNanoCores?: number;
}

/** Two looks that are closer to each other tell of chance more than of the load. */
export const MIN_CPU_INTERVAL_MS = 1_000;
/** A look that is older tells nothing of now. Source: kubelet cri_stats_provider.go defaultCachePeriod. */
export const MAX_CPU_INTERVAL_MS = 600_000;

/**
 * The sample after one more look; `undefined`: there was no CPU figure. A counter that went back is that of a new cgroup.
 * Source: cri_stats_provider.go getAndUpdateContainerUsageNanoCores. Differs: looks that follow each other quickly keep
 * the rate that is known, so that callers do not disturb each other.
 */
export function nextCpuSample(
  before: CpuSample | undefined,
  { monotonicMs, cpu }: Pick<CgroupObservation, "monotonicMs" | "cpu">,
): CpuSample | undefined {
  if (cpu === undefined) return undefined;
  const { usageCoreNanoSeconds } = cpu;
  const first: CpuSample = { monotonicMs, usageCoreNanoSeconds };
  if (before === undefined || usageCoreNanoSeconds < before.usageCoreNanoSeconds) return first;
  const elapsedMs = monotonicMs - before.monotonicMs;
  if (elapsedMs < 0 || elapsedMs > MAX_CPU_INTERVAL_MS) return first;
  if (elapsedMs < MIN_CPU_INTERVAL_MS) return before;
  const used = usageCoreNanoSeconds - before.usageCoreNanoSeconds;
  return { ...first, usageNanoCores: Math.trunc((used / elapsedMs) * 1000) };
}
