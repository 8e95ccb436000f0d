import type { EvictPlan, NodeEvent, Victim } from "../plan.ts";
import type { PressureCondition, Signal } from "../signals.ts";
import { isHard, type Threshold } from "../threshold.ts";
import type { ChoiceTrace } from "../trace.ts";
import type { ProbeAdmissions } from "./probe-pods.ts";

/** What one step of a replay came to; empty lists are absent. */
export interface StepResult {
  readonly nodeConditions?: readonly PressureCondition[];
  /** Met, or held by a minimum reclaim, with the grace period over. */
  readonly thresholdsMet?: readonly ReportedThreshold[];
  readonly reclaimCalls?: readonly string[];
  readonly nodeEvents?: readonly NodeEvent[];
  readonly evicted?: readonly ReportedEviction[];
  readonly podEvents?: readonly ReportedPodEvent[];
  /** First victim first; absent where nothing was ranked or two pods are equal. */
  readonly ranking?: readonly string[];
  readonly tie?: true;
  readonly admit: ProbeAdmissions;
}

export interface ReportedThreshold {
  readonly signal: Signal;
  readonly operator: "LessThan";
  readonly value: string;
  readonly gracePeriod?: string;
  readonly minReclaim?: string;
}

export type ReportedEviction = Pick<
  Victim,
  "uid" | "gracePeriodSeconds" | "reason" | "message" | "annotations" | "condition"
>;

export interface ReportedPodEvent {
  readonly uid: string;
  readonly type: "Warning";
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Sorted by signal, grace period, value and minimum reclaim. */
export function reportThresholds(thresholds: readonly Threshold[]): readonly ReportedThreshold[] {
  return [...thresholds].sort(compareReported).map((threshold) => {
    const { signal, value, minReclaim, gracePeriod } = threshold;
    return {
      signal,
      operator: "LessThan",
      value: value.text,
      ...(!isHard(threshold) && { gracePeriod }),
      ...(minReclaim !== undefined && { minReclaim: minReclaim.text }),
    };
  });
}

function compareReported(a: Threshold, b: Threshold): number {
  return (
    compareText(a.signal, b.signal) ||
    a.graceMs - b.graceMs ||
    compareText(a.value.text, b.value.text) ||
    compareText(a.minReclaim?.text ?? "", b.minReclaim?.text ?? "")
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The kills of a plan. */
export function reportEvictions({ victims }: EvictPlan): readonly ReportedEviction[] {
  return victims.map(({ uid, gracePeriodSeconds, reason, message, annotations, condition }) => ({
    uid,
    gracePeriodSeconds,
    reason,
    message,
    ...(annotations !== undefined && { annotations }),
    ...(condition !== undefined && { condition }),
  }));
}

/** The events of the pods that a plan evicts. */
export function reportPodEvents({ victims }: EvictPlan): readonly ReportedPodEvent[] {
  return victims.map(({ uid, reason, message, annotations }) => ({
    uid,
    type: "Warning",
    reason,
    message,
    ...(annotations !== undefined && { annotations }),
  }));
}

/** The order of a ranking, unless two pods are told apart by their UID alone. */
export function reportRanking(choice: ChoiceTrace | undefined): Pick<StepResult, "ranking" | "tie"> {
  if (choice === undefined) return {};
  if (choice.ranking.some(({ aheadBy }) => aheadBy === "Uid")) return { tie: true };
  return { ranking: choice.ranking.map(({ uid }) => uid) };
}
