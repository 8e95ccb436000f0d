/** A pod that is on its way out already: evicted or deleted, its containers not yet ended. */
export interface PodInProgress {
  readonly uid: string;
  /** When its end began, in the caller's time. */
  readonly sinceMs: number;
  readonly graceSeconds: number;
}

/**
 * Ending: its grace period runs. Killed: that is over, so it frees its usage any moment. Stuck: that should have happened
 * long ago, so it is not counted on any more.
 */
export type ProgressPhase = "Ending" | "Killed" | "Stuck";

/** How long a pod whose grace period is over is counted on. Source: kubelet eviction podCleanupTimeout. */
const PATIENCE_MS = 30_000;

export function progressPhase({ sinceMs, graceSeconds }: PodInProgress, nowMs: number): ProgressPhase {
  const overdueMs = nowMs - sinceMs - graceSeconds * 1000;
  if (overdueMs < 0) return "Ending";
  return overdueMs < PATIENCE_MS ? "Killed" : "Stuck";
}
