/** How near each signal is to evicting, and whom it would be: answers as data, for whoever shows them. */
import { assessThresholds } from "./assess.ts";
import type { MemoryAvailability } from "./availability.ts";
import { traceRanking } from "./choose-victims.ts";
import { PRESSURE_CONDITIONS } from "./conditions.ts";
import type { EvictionConfig } from "./eviction-config.ts";
import { type Observed, observeSignals } from "./observations.ts";
import { decidingStep, type RankedPod, type RankStep, rankPods } from "./ranking.ts";
import { type PressureCondition, SIGNALS, type Signal, type StarvedResource } from "./signals.ts";
import type { EvictionState } from "./state.ts";
import type { EvictionInput } from "./step.ts";
import type { RankedPodTrace } from "./trace.ts";

export interface EvictionExplanation {
  readonly memory?: MemoryAvailability;
  readonly podsMemory?: MemoryAvailability;
  readonly conditions: readonly ExplainedCondition[];
  /** Every signal that has a threshold, in the order of the configuration. */
  readonly signals: readonly ExplainedSignal[];
}

export interface ExplainedCondition {
  readonly type: PressureCondition;
  readonly isReported: boolean;
  /** How long it stays if its thresholds are not met again; absent where it is not reported. */
  readonly staysMs?: number;
}

export interface ExplainedSignal {
  readonly signal: Signal;
  readonly resource: StarvedResource;
  /** Absent: not observed. */
  readonly available?: number;
  readonly capacity?: number;
  readonly trendPerSecond?: number;
  readonly thresholds: readonly ExplainedThreshold[];
  /** Who would be evicted for it now; absent where nobody may be. */
  readonly next?: ExplainedNext;
}

export interface ExplainedThreshold {
  readonly key: string;
  readonly value: string;
  /** 0: hard. */
  readonly graceMs: number;
  readonly minReclaim?: string;
  /** Absent where the signal was not observed, as are the next ones. */
  readonly amount?: number;
  /** How much more is available than the amount; negative once it is met. */
  readonly distance?: number;
  /** When the trend leads to it; absent where it leads away or it is met. */
  readonly reachedInMs?: number;
  readonly isMet: boolean;
  readonly isHeld: boolean;
  readonly graceLeftMs: number;
}

export interface ExplainedNext {
  readonly victim: RankedPodTrace;
  /** Who would follow, and what put the victim before it; absent where there is nobody. */
  readonly runnerUp?: { readonly pod: RankedPodTrace; readonly decidedBy: RankStep };
  /** Critical pods that rank before the victim. */
  readonly passedOverUids: readonly string[];
}

/** The node as a whole; `input` is what the last step saw, `state` what it left. */
export function explainEviction(
  config: EvictionConfig,
  state: EvictionState,
  input: EvictionInput,
): EvictionExplanation {
  const observed = observe(config, input);
  const { nowMs } = input;
  const signals = [...new Set(config.thresholds.map(({ signal }) => signal))];
  return {
    ...(observed.memory !== undefined && { memory: observed.memory }),
    ...(observed.podsMemory !== undefined && { podsMemory: observed.podsMemory }),
    conditions: PRESSURE_CONDITIONS.map((type) => {
      const isReported = state.conditions.includes(type);
      const goneMs = (state.conditionSeenMs[type] ?? nowMs) + config.pressureTransitionMs;
      return { type, isReported, ...(isReported && { staysMs: Math.max(0, goneMs - nowMs) }) };
    }),
    signals: signals.map((signal) => explainSignal(config, state, input, observed, signal)),
  };
}

function observe(config: EvictionConfig, { summary, memory }: EvictionInput): Observed {
  return summary === undefined ? { signals: {}, podStats: new Map() } : observeSignals(summary, memory, config.policy);
}

function explainSignal(
  config: EvictionConfig,
  state: EvictionState,
  { nowMs, activePods }: EvictionInput,
  { signals, podStats }: Observed,
  signal: Signal,
): ExplainedSignal {
  const observation = signals[signal];
  const trendPerSecond = state.lastObserved[signal]?.trendPerSecond;
  const thresholds = config.thresholds.filter((threshold) => threshold.signal === signal);
  const next = explainNext(signal, rankPods(signal, activePods, podStats, config.filesystems));
  return {
    signal,
    resource: SIGNALS[signal].resource,
    ...(observation !== undefined && { available: observation.available, capacity: observation.capacity }),
    ...(trendPerSecond !== undefined && { trendPerSecond }),
    thresholds: assessThresholds(thresholds, state, signals, nowMs).map((assessed): ExplainedThreshold => {
      const { threshold, available, amount, isMet, isHeld, graceLeftMs } = assessed;
      const distance = available === undefined || amount === undefined ? undefined : available - amount;
      const reachedInMs = timeUntil(distance, trendPerSecond);
      return {
        key: threshold.key,
        value: threshold.value.text,
        graceMs: threshold.graceMs,
        ...(threshold.minReclaim !== undefined && { minReclaim: threshold.minReclaim.text }),
        ...(amount !== undefined && { amount }),
        ...(distance !== undefined && { distance }),
        ...(reachedInMs !== undefined && { reachedInMs }),
        isMet,
        isHeld,
        graceLeftMs,
      };
    }),
    ...(next !== undefined && { next }),
  };
}

function timeUntil(distance: number | undefined, trendPerSecond: number | undefined): number | undefined {
  if (distance === undefined || trendPerSecond === undefined) return undefined;
  return distance >= 0 && trendPerSecond < 0 ? (distance / -trendPerSecond) * 1000 : undefined;
}

function explainNext(signal: Signal, ranking: readonly RankedPod[]): ExplainedNext | undefined {
  const traced = traceRanking(signal, ranking);
  const [first, second] = ranking.flatMap((ranked, index) => (ranked.pod.isCritical ? [] : [{ ranked, index }]));
  const victim = traced[first?.index ?? -1];
  if (first === undefined || victim === undefined) return undefined;
  const follower = traced[second?.index ?? -1];
  return {
    victim,
    ...(second !== undefined &&
      follower !== undefined && {
        runnerUp: { pod: follower, decidedBy: decidingStep(signal, first.ranked, second.ranked) },
      }),
    passedOverUids: traced.slice(0, first.index).map(({ uid }) => uid),
  };
}

/** Where a pod stands in the ranking for one signal. */
export interface PodPlace {
  readonly signal: Signal;
  readonly resource: StarvedResource;
  /** Among those that may be evicted, from 1 on; absent for a critical pod. */
  readonly place?: number;
  readonly evictableCount: number;
  readonly pod: RankedPodTrace;
  /** Who goes before it, and why. */
  readonly previous?: { readonly uid: string; readonly decidedBy: RankStep };
  /** Who goes after it, and why. */
  readonly following?: { readonly uid: string; readonly decidedBy: RankStep };
  /** Each alone would put the pod behind the one that follows it, or as far as to the next comparison. */
  readonly remedies: readonly Remedy[];
}

/** What a pod could do about its place; amounts in units of the resource. */
export type Remedy =
  | { readonly kind: "BeMeasured" }
  | { readonly kind: "UseAtMost"; readonly amount: number }
  | { readonly kind: "RequestAtLeast"; readonly amount: number }
  | { readonly kind: "HavePriorityAbove"; readonly priority: number };

/** A pod's place for every signal that has a threshold; empty where it is not active. */
export function explainPod(config: EvictionConfig, input: EvictionInput, uid: string): readonly PodPlace[] {
  const { podStats } = observe(config, input);
  const signals = [...new Set(config.thresholds.map(({ signal }) => signal))];
  return signals.flatMap((signal) => {
    const ranking = rankPods(signal, input.activePods, podStats, config.filesystems);
    const traced = traceRanking(signal, ranking).find((pod) => pod.uid === uid);
    const own = ranking.find(({ pod }) => pod.uid === uid);
    return own === undefined || traced === undefined ? [] : [placeOf(signal, ranking, own, traced)];
  });
}

function placeOf(signal: Signal, ranking: readonly RankedPod[], own: RankedPod, pod: RankedPodTrace): PodPlace {
  const { resource } = SIGNALS[signal];
  const evictable = ranking.filter((ranked) => !ranked.pod.isCritical);
  const index = evictable.indexOf(own);
  if (index < 0) return { signal, resource, evictableCount: evictable.length, pod, remedies: [] };
  const before = evictable[index - 1];
  const after = evictable[index + 1];
  return {
    signal,
    resource,
    place: index + 1,
    evictableCount: evictable.length,
    pod,
    ...(before && { previous: { uid: before.pod.uid, decidedBy: decidingStep(signal, before, own) } }),
    ...(after && { following: { uid: after.pod.uid, decidedBy: decidingStep(signal, own, after) } }),
    remedies: after === undefined ? [] : remedies(resource, decidingStep(signal, own, after), own, after),
  };
}

function remedies(resource: StarvedResource, step: RankStep, own: RankedPod, after: RankedPod): readonly Remedy[] {
  // Requests of disk are in bytes: they neither tell whether inodes are exceeded nor are they a sane answer to it.
  const canRequest = resource === "memory" || resource === "ephemeral-storage";
  switch (step) {
    case "StatsMissing":
      return [{ kind: "BeMeasured" }];
    case "Priority":
      return [{ kind: "HavePriorityAbove", priority: after.pod.priority }];
    case "ExceedsRequest":
      return [
        { kind: "UseAtMost", amount: resource === "inodes" ? 0 : own.request },
        ...(canRequest ? ([{ kind: "RequestAtLeast", amount: own.usage }] as const) : []),
      ];
    case "UsageAboveRequest": {
      const excess = own.aboveRequest - after.aboveRequest;
      return [
        { kind: "UseAtMost", amount: own.usage - excess },
        ...(canRequest ? ([{ kind: "RequestAtLeast", amount: own.request + excess }] as const) : []),
      ];
    }
    case "Usage":
      return [{ kind: "UseAtMost", amount: after.usage }];
    case "Uid":
      return [{ kind: "UseAtMost", amount: own.usage }];
  }
}
