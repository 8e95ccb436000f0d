import type { PressureCondition, Signal } from "./signals.ts";

/** What the next step must know of all earlier ones. Plain JSON; times are the caller's `nowMs`, whatever its origin. */
export interface EvictionState {
  /** Reported now, sorted; those that only linger for the transition period included. */
  readonly conditions: readonly PressureCondition[];
  readonly conditionSeenMs: Readonly<Partial<Record<PressureCondition, number>>>;
  /** Since when each threshold has been met, by its key. */
  readonly metSinceMs: Readonly<Record<string, number>>;
  /** Keys of thresholds that are met, or held by their minimum reclaim, and whose grace period is over. */
  readonly metKeys: readonly string[];
  readonly lastObserved: Readonly<Partial<Record<Signal, LastObservation>>>;
  /** When a pod was last evicted for memory; absent: never. */
  readonly lastMemoryEvictionMs?: number;
}

export interface LastObservation {
  /** When it was measured, RFC 3339; "" where that is not known. */
  readonly time: string;
  readonly available: number;
  readonly atMs: number;
  /** Change of the available amount since the observation before; absent: there was none. */
  readonly trendPerSecond?: number;
}

export const INITIAL_EVICTION_STATE: EvictionState = {
  conditions: [],
  conditionSeenMs: {},
  metSinceMs: {},
  metKeys: [],
  lastObserved: {},
};
