/**
 * Which thresholds are met, held, waited for and stale. Source: kubelet eviction synchronize with thresholdsMet,
 * mergeThresholds, thresholdsFirstObservedAt, thresholdsMetGracePeriod, thresholdsUpdatedStats.
 */
import { parseTime } from "../api/time.ts";
import type { SignalObservations } from "./observations.ts";
import type { EvictionState } from "./state.ts";
import { isSameThreshold, resolvedAmount, type Threshold, thresholdAmount } from "./threshold.ts";

/** How one threshold stands. Plain JSON. */
export interface AssessedThreshold {
  readonly threshold: Threshold;
  /** Absent: not observed, so that nothing of it counts. */
  readonly available?: number;
  readonly capacity?: number;
  /** The threshold as an amount; absent where nothing was observed. */
  readonly amount?: number;
  /** Less is available than the amount. */
  readonly isMet: boolean;
  /** It was met, its grace period over, and the minimum reclaim is not reached yet. */
  readonly isHeld: boolean;
  /** 0 where it is not met or its grace period is over. */
  readonly graceLeftMs: number;
  /** The statistics are those that the last step has used already. */
  readonly isStale: boolean;
  /** It asks for an eviction in this step. */
  readonly drives: boolean;
}

/** Whether less is available than the threshold asks for; one that was not observed is not met. */
export function isThresholdMet(
  threshold: Threshold,
  observations: SignalObservations,
  options: { readonly enforceMinReclaim: boolean },
): boolean {
  const observed = observations[threshold.signal];
  if (observed === undefined) return false;
  const amountOf = options.enforceMinReclaim ? resolvedAmount : ownAmount;
  return amountOf(threshold, observed.capacity) > observed.available;
}

function ownAmount({ value }: Threshold, capacity: number): number {
  return thresholdAmount(value, capacity);
}

/** All thresholds, in the order of the configuration. */
export function assessThresholds(
  thresholds: readonly Threshold[],
  state: Pick<EvictionState, "metSinceMs" | "metKeys" | "lastObserved">,
  observations: SignalObservations,
  nowMs: number,
): readonly AssessedThreshold[] {
  const met = new Set(thresholds.filter((one) => isThresholdMet(one, observations, { enforceMinReclaim: false })));
  const held = heldThresholds(thresholds, state.metKeys, met, observations);
  const seenKeys = new Set<string>();
  return thresholds.map((threshold) => {
    const { key, graceMs, signal, value } = threshold;
    const observed = observations[signal];
    const isActive = met.has(threshold) || held.has(threshold);
    const metMs = nowMs - (state.metSinceMs[key] ?? nowMs);
    const graceLeftMs = isActive && isShorter(metMs, graceMs) ? graceMs - metMs : 0;
    const isStale = observed !== undefined && !isNewer(observed.time, state.lastObserved[signal]?.time);
    const isFirst = !seenKeys.has(key);
    if (isActive) seenKeys.add(key);
    return {
      threshold,
      ...(observed !== undefined && {
        available: observed.available,
        capacity: observed.capacity,
        amount: thresholdAmount(value, observed.capacity),
      }),
      isMet: met.has(threshold),
      isHeld: held.has(threshold),
      graceLeftMs,
      isStale,
      drives: isActive && isFirst && graceLeftMs === 0 && !isStale,
    };
  });
}

/** Those that were met and have not reached their minimum reclaim, but for any that another one stands for. */
function heldThresholds(
  thresholds: readonly Threshold[],
  metKeys: readonly string[],
  met: ReadonlySet<Threshold>,
  observations: SignalObservations,
): ReadonlySet<Threshold> {
  const held = new Set<Threshold>();
  for (const key of metKeys) {
    const threshold = thresholds.find((one) => one.key === key);
    if (threshold === undefined || !isThresholdMet(threshold, observations, { enforceMinReclaim: true })) continue;
    if (![...met, ...held].some((other) => isSameThreshold(other, threshold))) held.add(threshold);
  }
  return held;
}

/** Exact to the nanosecond: the difference of two times has an error far below one. */
export function isShorter(durationMs: number, limitMs: number): boolean {
  return Math.round(durationMs * 1e6) < Math.round(limitMs * 1e6);
}

/** A time that is not known is always new, and everything is newer than an observation that was not there. */
function isNewer(time: string, last: string | undefined): boolean {
  if (time === "" || last === undefined || last === "") return true;
  if (time.length === last.length && time.endsWith("Z") && last.endsWith("Z")) return time > last;
  return (parseTime(time) ?? 0) > (parseTime(last) ?? 0);
}
