import type { EvictablePod } from "./evictable-pod.ts";
import type { EvictionConfig } from "./eviction-config.ts";
import { type PodInProgress, type ProgressPhase, progressPhase } from "./in-progress.ts";
import { evictionMessage } from "./message.ts";
import type { Observed } from "./observations.ts";
import { takeVictims } from "./pace.ts";
import type { NothingReason, Victim } from "./plan.ts";
import { decidingStep, type RankedPod, rankPods } from "./ranking.ts";
import type { Signal } from "./signals.ts";
import { isHard, resolvedAmount, type Threshold } from "./threshold.ts";
import type { ChoiceTrace, PassedOverReason, RankedPodTrace } from "./trace.ts";

export interface ChoiceInput {
  readonly nowMs: number;
  readonly activePods: readonly EvictablePod[];
  readonly inProgress: readonly PodInProgress[];
  /** What the ranking and the shortfall go by. */
  readonly observed: Observed;
}

export interface VictimChoice {
  readonly victims: readonly Victim[];
  /** Why there is none; absent where there is one. */
  readonly reason?: NothingReason;
  /** Absent where there was nobody to rank. */
  readonly trace?: ChoiceTrace;
}

interface RankedCandidate {
  readonly ranked: RankedPod;
  readonly isForced: boolean;
  readonly frees?: number;
}

/**
 * Who is evicted for a threshold: the first of the ranking that may be, and more where the policy's pace says so. With
 * `overtakeTerminating` pods that are on their way out come first, as far as ending their grace period helps.
 */
export function chooseVictims(config: EvictionConfig, threshold: Threshold, input: ChoiceInput): VictimChoice {
  const { activePods, observed } = input;
  if (activePods.length === 0) return { victims: [], reason: "NoActivePods" };
  const { signal } = threshold;
  const ranking = rankPods(signal, activePods, observed.podStats, config.filesystems);
  const { candidates, passedOver, freedByEnding } = sortOut(config, threshold, ranking, input);
  const shortfall = shortfallOf(threshold, observed);
  const isCovered = freedByEnding > 0 && freedByEnding >= shortfall;
  const taken = isCovered ? [] : takeVictims(candidates, shortfall - freedByEnding, config.policy.evictionPace);
  const frees = taken.map((candidate) => candidate.frees);
  const trace: ChoiceTrace = {
    ranking: traceRanking(signal, ranking),
    passedOver,
    shortfall,
    freedByEnding,
    ...(!frees.includes(undefined) && {
      freedByVictims: frees.reduce<number>((sum, amount) => sum + (amount ?? 0), 0),
    }),
  };
  if (taken.length > 0) return { victims: taken.map((one) => victim(config, threshold, one, observed)), trace };
  return { victims: [], reason: isCovered ? "EndingPodsSuffice" : "NoneEvictable", trace };
}

interface SortedOut {
  readonly candidates: readonly RankedCandidate[];
  readonly passedOver: ChoiceTrace["passedOver"];
  readonly freedByEnding: number;
}

function sortOut(
  config: EvictionConfig,
  threshold: Threshold,
  ranking: readonly RankedPod[],
  { nowMs, inProgress }: ChoiceInput,
): SortedOut {
  const overtakes = config.policy.overtakeTerminating;
  const phases = new Map(overtakes ? inProgress.map((one) => [one.uid, progressPhase(one, nowMs)]) : []);
  const forced: RankedCandidate[] = [];
  const fresh: RankedCandidate[] = [];
  const passedOver: { uid: string; reason: PassedOverReason }[] = [];
  let freedByEnding = 0;
  for (const ranked of ranking) {
    const phase = phases.get(ranked.pod.uid);
    const reason = passOver(ranked, phase, threshold);
    const isForced = phase === "Ending";
    const candidate = { ranked, isForced, ...(ranked.hasStats && { frees: ranked.usage }) };
    if (reason === undefined) (isForced ? forced : fresh).push(candidate);
    else passedOver.push({ uid: ranked.pod.uid, reason });
    if (reason === "Ending" || reason === "Killed") freedByEnding += ranked.usage;
  }
  return { candidates: [...forced, ...fresh], passedOver, freedByEnding };
}

function passOver(
  { pod }: RankedPod,
  phase: ProgressPhase | undefined,
  threshold: Threshold,
): PassedOverReason | undefined {
  if (phase !== undefined && phase !== "Ending") return phase;
  if (phase === "Ending" && !isHard(threshold)) return phase;
  return pod.isCritical ? "Critical" : undefined;
}

/** At least 0: a threshold that its own trace of time holds may be resolved by now. */
function shortfallOf(threshold: Threshold, { signals }: Observed): number {
  const observation = signals[threshold.signal];
  if (observation === undefined) return 0;
  return Math.max(0, resolvedAmount(threshold, observation.capacity) - observation.available);
}

/** The ranking as data: each pod with the step that put it before the next one. */
export function traceRanking(signal: Signal, ranking: readonly RankedPod[]): readonly RankedPodTrace[] {
  return ranking.map(({ pod, ...measures }, index) => {
    const next = ranking[index + 1];
    const own = ranking[index];
    const aheadBy = next === undefined || own === undefined ? undefined : decidingStep(signal, own, next);
    return { uid: pod.uid, priority: pod.priority, ...measures, ...(aheadBy !== undefined && { aheadBy }) };
  });
}

function victim(
  config: EvictionConfig,
  threshold: Threshold,
  { ranked: { pod }, isForced }: RankedCandidate,
  { podStats, signals }: Observed,
): Victim {
  const observation = signals[threshold.signal] ?? { available: 0, capacity: 0, time: "" };
  const { message, annotations } = evictionMessage(pod, podStats.get(pod.uid), threshold, observation);
  return {
    uid: pod.uid,
    namespace: pod.namespace,
    name: pod.name,
    gracePeriodSeconds: gracePeriodSeconds(config, threshold, pod),
    reason: "Evicted",
    message,
    ...(annotations !== undefined && { annotations }),
    condition: { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message },
    isForced,
  };
}

function gracePeriodSeconds(
  { maxPodGraceSeconds, policy }: EvictionConfig,
  threshold: Threshold,
  { graceSeconds }: EvictablePod,
): number {
  if (isHard(threshold)) return 0;
  if (policy.softGracePeriod === "Reference") return maxPodGraceSeconds;
  return maxPodGraceSeconds < 0 ? graceSeconds : Math.min(graceSeconds, maxPodGraceSeconds);
}
