import type { AssessedThreshold } from "./assess.ts";
import type { MemoryAvailability } from "./availability.ts";
import type { GuardReason } from "./guard.ts";
import type { LocalStorageExcess } from "./local-storage.ts";
import type { PickReason } from "./pick.ts";
import type { RankStep } from "./ranking.ts";

/** Why a step decided as it did. Plain JSON; what did not come up is absent. */
export interface EvictionTrace {
  readonly nowMs: number;
  /** Of the node and of all pods together, by each way to count it. */
  readonly memory?: MemoryAvailability;
  readonly podsMemory?: MemoryAvailability;
  readonly thresholds: readonly AssessedThreshold[];
  /** Why thresholds of memory that drive eviction are held back. */
  readonly guard?: GuardReason;
  readonly picked?: { readonly thresholdKey: string; readonly reason: PickReason };
  /** Pods over their own limits; a critical one is not evicted. */
  readonly localStorage?: readonly (LocalStorageExcess & { readonly uid: string; readonly isCritical: boolean })[];
  readonly reclaim?: ReclaimTrace;
  readonly choice?: ChoiceTrace;
}

/** What the second measurement found. */
export interface ReclaimTrace {
  readonly succeeded: boolean;
  /** false: there was no second measurement, which counts as no success. */
  readonly wasMeasured: boolean;
  /** Keys of the thresholds that are not resolved, minimum reclaims included. */
  readonly unresolvedKeys: readonly string[];
}

/** How the victims were found. */
export interface ChoiceTrace {
  /** First victim first. */
  readonly ranking: readonly RankedPodTrace[];
  readonly passedOver: readonly { readonly uid: string; readonly reason: PassedOverReason }[];
  /** What is missing until the threshold is resolved, minimum reclaim included. */
  readonly shortfall: number;
  /** What pods that are on their way out will free of it. */
  readonly freedByEnding: number;
  /** What the victims will free; absent where one of them was not measured. */
  readonly freedByVictims?: number;
}

export type PassedOverReason = "Critical" | "Ending" | "Killed" | "Stuck";

export interface RankedPodTrace {
  readonly uid: string;
  readonly hasStats: boolean;
  readonly usage: number;
  readonly request: number;
  readonly exceedsRequest: boolean;
  readonly priority: number;
  readonly aboveRequest: number;
  /** What put it before the next pod; absent for the last one. */
  readonly aheadBy?: RankStep;
}
