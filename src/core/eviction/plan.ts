import type { ReclaimStep } from "./filesystems.ts";

/** What a step asks the caller to do. Plain JSON. */
export type EvictionPlan = NothingPlan | ReclaimPlan | ReclaimPodMemoryPlan | EvictPlan;

interface PlanBase {
  /** To be recorded on the node before anything else. */
  readonly nodeEvents: readonly NodeEvent[];
  /** Nothing of it is to be done: the policy wants to know, not to act. */
  readonly dryRun: boolean;
}

/** Why there is nothing to do. */
export type NothingReason =
  | "NothingConfigured"
  | "NoStatistics"
  | "NoPressure"
  | "Guarded"
  | "Reclaimed"
  | "NoActivePods"
  | "NoneEvictable"
  | "EndingPodsSuffice";

export interface NothingPlan extends PlanBase {
  readonly kind: "nothing";
  readonly reason: NothingReason;
}

/** Free what the node itself can free, in this order; then measure again and call `afterReclaim`. */
export interface ReclaimPlan extends PlanBase {
  readonly kind: "reclaim";
  readonly thresholdKey: string;
  readonly steps: readonly ReclaimStep[];
}

/** Ask the kernel to take memory back from these pods; then measure again and call `afterReclaim`. */
export interface ReclaimPodMemoryPlan extends PlanBase {
  readonly kind: "reclaimPodMemory";
  readonly thresholdKey: string;
  readonly pods: readonly { readonly uid: string; readonly bytes: number }[];
}

/** Evict these pods, in this order: for each its event, then the kill. */
export interface EvictPlan extends PlanBase {
  readonly kind: "evict";
  readonly cause: "LocalStorage" | "Threshold";
  /** Absent for local storage limits. */
  readonly thresholdKey?: string;
  readonly victims: readonly Victim[];
}

export interface NodeEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface Victim {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Takes the place of the pod's own grace period; negative where the configuration is and the policy says Reference. */
  readonly gracePeriodSeconds: number;
  /** Of the pod's status, whose phase is Failed, and of the event. */
  readonly reason: "Evicted";
  readonly message: string;
  /** Of the event. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Put into the pod's status; absent for local storage limits. */
  readonly condition?: DisruptionCondition;
  /** It is on its way out already, and its grace period ends now. */
  readonly isForced: boolean;
}

export interface DisruptionCondition {
  readonly type: "DisruptionTarget";
  readonly status: "True";
  readonly reason: "TerminationByKubelet";
  readonly message: string;
}
