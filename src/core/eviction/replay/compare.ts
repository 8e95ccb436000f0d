/** Two policies on one trace: who dies under each, when, for how long there is pressure, and whom one of them killed in vain. */
import type { PodStats, Summary } from "../../stats/summary.ts";
import { isThresholdMet } from "../assess.ts";
import type { MemoryFacts } from "../availability.ts";
import { type EvictablePod, evictablePod } from "../evictable-pod.ts";
import { observeSignals } from "../observations.ts";
import { type PressureCondition, SIGNALS } from "../signals.ts";
import type { MeasuredAgain } from "../step.ts";
import type { Threshold } from "../threshold.ts";
import { adjustSummary, type MeasuredPod } from "./adjust-summary.ts";
import {
  type AdjustStep,
  type FinishedReplay,
  finalPlan,
  type ReplayedStep,
  type ReplayOptions,
  replayScenario,
} from "./replay.ts";
import type { Scenario, ScenarioStep } from "./scenario.ts";

export interface PolicyOutcome {
  readonly evictions: readonly ReplayedEviction[];
  /** How long each condition was reported; absent: never. */
  readonly pressureMs: Readonly<Partial<Record<PressureCondition, number>>>;
}

export interface ReplayedEviction {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly atMs: number;
  /** Absent for local storage limits. */
  readonly thresholdKey?: string;
  /** The other policy spared this pod, evicted nobody for the resource, and the threshold was resolved all the same. */
  readonly isFalse: boolean;
}

export interface ScenarioComparison {
  /** Under the scenario's own configuration. */
  readonly own: PolicyOutcome;
  readonly other: PolicyOutcome;
}

export interface ComparedReplays {
  readonly own: FinishedReplay;
  readonly other: FinishedReplay;
  readonly comparison: ScenarioComparison;
}

/**
 * Replays the scenario as it is, and once more under the other policy in the world that this one makes: pods that it kills are
 * gone from then on, pods that it spares stay with what they used last.
 */
export function compareScenario(
  scenario: Scenario,
  otherPolicy: Omit<ReplayOptions, "adjust">,
): ComparedReplays | { readonly error: string } {
  const own = replayScenario(scenario);
  if ("error" in own) return own;
  const other = replayScenario(scenario, { ...otherPolicy, adjust: otherWorld(scenario, own) });
  if ("error" in other) return other;
  const comparison = { own: outcome(own, other), other: outcome(other, own) };
  return { own, other, comparison };
}

function otherWorld(scenario: Scenario, own: FinishedReplay): AdjustStep {
  const pods = new Map(scenario.pods.map((pod) => [pod.metadata?.uid ?? "", evictablePod(pod)]));
  const lastSeen = new Map<string, PodStats>();
  return (step, before) => {
    for (const stats of step.summary?.pods ?? []) lastSeen.set(stats.podRef.uid, stats);
    const ownDead = evictedUids(own.steps.slice(0, before.length));
    const otherDead = evictedUids(before);
    const measured = (uids: Iterable<string>) => [...uids].flatMap((uid) => measuredPod(pods, lastSeen, uid));
    const active = new Set(step.activePods);
    const back = measured([...ownDead].filter((uid) => !otherDead.has(uid) && !active.has(uid)));
    const gone = (summary: ScenarioStep["summary"]) =>
      measured((summary?.pods ?? []).map(({ podRef }) => podRef.uid).filter((uid) => otherDead.has(uid)));
    const layout = own.config.filesystems;
    const adjusted = (summary: NonNullable<ScenarioStep["summary"]>) => {
      const there = new Set((summary.pods ?? []).map(({ podRef }) => podRef.uid));
      const missing = back.filter(({ pod }) => !there.has(pod.uid));
      return adjustSummary(summary, { gone: gone(summary), back: missing }, layout);
    };
    const { summary, summaryAfterReclaim, memory, memoryAfterReclaim, inProgress, ...rest } = step;
    const look = adjustedLook(summary, memory, adjusted);
    const second = adjustedLook(summaryAfterReclaim ?? summary, memoryAfterReclaim, adjusted);
    return {
      ...rest,
      ...look,
      ...(summaryAfterReclaim !== undefined && second.summary && { summaryAfterReclaim: second.summary }),
      ...(second.memory && { memoryAfterReclaim: second.memory }),
      // One that the recording killed is alive and well here.
      ...(inProgress && { inProgress: inProgress.filter(({ uid }) => !ownDead.has(uid) && !otherDead.has(uid)) }),
      activePods: [...step.activePods.filter((uid) => !otherDead.has(uid)), ...back.map(({ pod }) => pod.uid)],
    };
  };
}

/** What the kernel calls available differs by as much as what the summary does. */
function adjustedLook(
  summary: Summary | undefined,
  memory: MemoryFacts | undefined,
  adjusted: (summary: Summary) => Summary,
): MeasuredAgain {
  if (summary === undefined) return memory === undefined ? {} : { memory };
  const after = adjusted(summary);
  const { memAvailableBytes } = memory ?? {};
  const freed = (after.node.memory?.availableBytes ?? 0) - (summary.node.memory?.availableBytes ?? 0);
  const known = memAvailableBytes !== undefined && { memAvailableBytes: Math.max(0, memAvailableBytes + freed) };
  return { summary: after, ...(memory !== undefined && { memory: { ...memory, ...known } }) };
}

function measuredPod(
  pods: ReadonlyMap<string, EvictablePod>,
  lastSeen: ReadonlyMap<string, PodStats>,
  uid: string,
): readonly MeasuredPod[] {
  const pod = pods.get(uid);
  const stats = lastSeen.get(uid);
  return pod === undefined || stats === undefined ? [] : [{ pod, stats }];
}

function evictedUids(steps: readonly ReplayedStep[]): ReadonlySet<string> {
  return new Set(steps.flatMap((step) => victimsOf(step).map(({ uid }) => uid)));
}

function victimsOf(step: ReplayedStep) {
  const plan = finalPlan(step);
  return plan.kind === "evict" && !plan.dryRun ? plan.victims : [];
}

function outcome(replay: FinishedReplay, other: FinishedReplay): PolicyOutcome {
  const spared = evictedUids(other.steps);
  const evictions = replay.steps.flatMap((step, index) => {
    const plan = finalPlan(step);
    const thresholdKey = plan.kind === "evict" ? plan.thresholdKey : undefined;
    const threshold = replay.config.thresholds.find(({ key }) => key === thresholdKey);
    return victimsOf(step).map(({ uid, namespace, name }): ReplayedEviction => {
      const isFalse = threshold !== undefined && !spared.has(uid) && resolvesWithoutEviction(other, threshold, index);
      const base = { uid, namespace, name, atMs: step.atMs, isFalse };
      return thresholdKey === undefined ? base : { ...base, thresholdKey };
    });
  });
  return { evictions, pressureMs: pressureTime(replay.steps) };
}

/** From the moment on at which the threshold was crossed there: it is resolved before anybody is evicted for its resource. */
function resolvesWithoutEviction(replay: FinishedReplay, threshold: Threshold, fromIndex: number): boolean {
  let start = fromIndex;
  while (start > 0 && isMetAt(replay, threshold, start - 1) === true) start -= 1;
  if (isMetAt(replay, threshold, fromIndex) !== true) return false;
  for (let index = start; index < replay.steps.length; index += 1) {
    if (index > fromIndex && isMetAt(replay, threshold, index) === false) return true;
    if (evictsFor(replay, threshold, index)) return false;
  }
  return false;
}

/** Undefined where the signal was not observed. */
function isMetAt({ steps, config }: FinishedReplay, threshold: Threshold, index: number): boolean | undefined {
  const summary = steps[index]?.input.summary;
  if (summary === undefined) return undefined;
  const { signals } = observeSignals(summary, undefined, config.policy);
  if (signals[threshold.signal] === undefined) return undefined;
  return isThresholdMet(threshold, signals, { enforceMinReclaim: false });
}

function evictsFor({ steps, config }: FinishedReplay, { signal }: Threshold, index: number): boolean {
  const step = steps[index];
  if (step === undefined || victimsOf(step).length === 0) return false;
  const plan = finalPlan(step);
  const key = plan.kind === "evict" ? plan.thresholdKey : undefined;
  const acted = config.thresholds.find((threshold) => threshold.key === key);
  return acted !== undefined && SIGNALS[acted.signal].resource === SIGNALS[signal].resource;
}

/** Each step's conditions hold until the next one. */
function pressureTime(steps: readonly ReplayedStep[]): PolicyOutcome["pressureMs"] {
  const total: Partial<Record<PressureCondition, number>> = {};
  steps.forEach((step, index) => {
    const next = steps[index + 1];
    if (next === undefined) return;
    for (const condition of (step.second ?? step.first).state.conditions) {
      total[condition] = (total[condition] ?? 0) + next.atMs - step.atMs;
    }
  });
  return total;
}
