import type { AssessedThreshold } from "./assess.ts";
import { isMemorySignal } from "./signals.ts";
import { isHard, type Threshold } from "./threshold.ts";

/** Why this one of the thresholds that drive eviction is acted on. */
export type PickReason = "Only" | "MemoryFirst" | "HardFirst" | "FirstConfigured";

export interface Pick {
  readonly threshold: Threshold;
  readonly reason: PickReason;
}

/**
 * The threshold to act on: memory first, then hard before soft, then the order of the configuration. The kubelet puts memory
 * first, too, and leaves the rest to chance. Source: kubelet eviction byEvictionPriority, getReclaimableThreshold.
 */
export function pickThreshold(driving: readonly AssessedThreshold[]): Pick | undefined {
  const thresholds = driving.map(({ threshold }) => threshold);
  const ofMemory = thresholds.filter(({ signal }) => isMemorySignal(signal));
  const urgent = ofMemory.length > 0 ? ofMemory : thresholds;
  const hard = urgent.filter(isHard);
  const threshold = hard[0] ?? urgent[0];
  if (threshold === undefined) return undefined;
  if (thresholds.length === 1) return { threshold, reason: "Only" };
  if (urgent.length < thresholds.length) return { threshold, reason: "MemoryFirst" };
  return { threshold, reason: hard.length > 0 && hard.length < urgent.length ? "HardFirst" : "FirstConfigured" };
}
