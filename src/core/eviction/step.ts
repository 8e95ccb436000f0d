/**
 * One synchronisation of the eviction manager as a machine in two strokes: `stepEviction` decides on a measurement; where it
 * asks for a reclaim, the caller does that, measures again and goes on with `afterReclaim`.
 * Source: kubelet eviction/eviction_manager.go synchronize of 1.26.
 */
import type { Summary } from "../stats/summary.ts";
import { type AssessedThreshold, assessThresholds, isThresholdMet } from "./assess.ts";
import type { MemoryFacts } from "./availability.ts";
import { type ChoiceInput, chooseVictims } from "./choose-victims.ts";
import { stepConditions } from "./conditions.ts";
import type { EvictablePod } from "./evictable-pod.ts";
import type { EvictionConfig } from "./eviction-config.ts";
import { reclaimStepsOf } from "./filesystems.ts";
import { guardReason } from "./guard.ts";
import type { PodInProgress } from "./in-progress.ts";
import { localStorageExcess } from "./local-storage.ts";
import { type Observed, observeSignals } from "./observations.ts";
import { pickThreshold } from "./pick.ts";
import type { EvictionPlan, NodeEvent, NothingReason, ReclaimPlan, ReclaimPodMemoryPlan, Victim } from "./plan.ts";
import { rankPods } from "./ranking.ts";
import { isMemorySignal, SIGNALS, type Signal } from "./signals.ts";
import type { EvictionState, LastObservation } from "./state.ts";
import { resolvedAmount, type Threshold } from "./threshold.ts";
import type { EvictionTrace } from "./trace.ts";

export interface EvictionInput {
  /** Any origin, as long as it stays the same for one state. */
  readonly nowMs: number;
  /** Absent: the statistics failed, so that nothing is decided. */
  readonly summary?: Summary;
  /** What the summary does not carry. */
  readonly memory?: MemoryFacts;
  /** Pods with anything running; local storage limits are checked in this order. */
  readonly activePods: readonly EvictablePod[];
  /** Those of the active pods that are on their way out. */
  readonly inProgress?: readonly PodInProgress[];
}

export interface EvictionDecision {
  readonly state: EvictionState;
  readonly plan: EvictionPlan;
  readonly trace: EvictionTrace;
}

/** The second measurement; absent: it failed. */
export type MeasuredAgain = Pick<EvictionInput, "summary" | "memory">;

/** Decides on one measurement. */
export function stepEviction(config: EvictionConfig, state: EvictionState, input: EvictionInput): EvictionDecision {
  const { nowMs, summary } = input;
  const asBefore = (reason: NothingReason) => ({
    state,
    plan: nothing(config, reason),
    trace: { nowMs, thresholds: [] },
  });
  if (config.thresholds.length === 0 && !config.localStorageCapacityIsolation) return asBefore("NothingConfigured");
  if (summary === undefined) return asBefore("NoStatistics");
  const observed = observeSignals(summary, input.memory, config.policy);
  const assessed = assessThresholds(config.thresholds, state, observed.signals, nowMs);
  const next = nextState(config, state, assessed, observed, nowMs);
  const trace = openTrace(nowMs, observed, assessed);
  const overLimit = config.localStorageCapacityIsolation ? evictOverLimit(config, input, observed) : undefined;
  const limited = overLimit === undefined ? trace : { ...trace, localStorage: overLimit.found };
  if (overLimit !== undefined && overLimit.victims.length > 0) {
    const { victims } = overLimit;
    const plan: EvictionPlan = { kind: "evict", cause: "LocalStorage", victims, ...quiet(config) };
    return { state: next, plan, trace: limited };
  }
  return actOnThresholds(config, input, observed, { state: next, trace: limited });
}

/**
 * Goes on after a reclaim: `plan` and the summary of `input` are those of the step that asked for it, its pods and `state`
 * are the newest.
 */
export function afterReclaim(
  config: EvictionConfig,
  state: EvictionState,
  input: EvictionInput,
  plan: ReclaimPlan | ReclaimPodMemoryPlan,
  again: MeasuredAgain,
): EvictionDecision {
  const threshold = config.thresholds.find(({ key }) => key === plan.thresholdKey);
  const first = input.summary;
  const trace: EvictionTrace = { nowMs: input.nowMs, thresholds: [] };
  if (threshold === undefined || first === undefined) return { state, plan: nothing(config, "NoPressure"), trace };
  const second = again.summary === undefined ? undefined : observeSignals(again.summary, again.memory, config.policy);
  // The node must be well altogether; asking pods for memory can be judged by memory alone.
  const judged = config.thresholds.filter(({ signal }) => plan.kind === "reclaim" || isMemorySignal(signal));
  const unresolved = second === undefined ? [] : judged.filter((one) => isUnresolved(one, second));
  const succeeded = second !== undefined && unresolved.length === 0;
  const unresolvedKeys = unresolved.map(({ key }) => key);
  const reclaimed = { ...trace, reclaim: { succeeded, wasMeasured: second !== undefined, unresolvedKeys } };
  if (succeeded) return { state, plan: nothing(config, "Reclaimed"), trace: reclaimed };
  // The kubelet ranks by what it saw before the reclaim. An eviction to measure goes by what is there now, or waits for it.
  const isFresh = config.policy.evictionPace === "AsNeeded" || plan.kind === "reclaimPodMemory";
  if (isFresh && second === undefined) return { state, plan: nothing(config, "NoStatistics"), trace: reclaimed };
  // Differs: what else is short has its own victims, and its own round.
  if (isFresh && !unresolved.includes(threshold)) {
    return { state, plan: nothing(config, "Reclaimed"), trace: reclaimed };
  }
  const observed = isFresh && second !== undefined ? second : observeSignals(first, input.memory, config.policy);
  return evict(config, threshold, { ...input, observed }, { state, trace: reclaimed }, []);
}

function isUnresolved(threshold: Threshold, { signals }: Observed): boolean {
  return isThresholdMet(threshold, signals, { enforceMinReclaim: true });
}

type Progress = Pick<EvictionDecision, "state" | "trace">;

/** Picks the threshold to act on, and frees or evicts for it. */
function actOnThresholds(
  config: EvictionConfig,
  input: EvictionInput,
  observed: Observed,
  progress: Progress,
): EvictionDecision {
  const driving = progress.trace.thresholds.filter(({ drives }) => drives);
  const guard = memoryGuard(config, input, progress.state);
  const allowed = guard === undefined ? driving : driving.filter(({ threshold }) => !isMemorySignal(threshold.signal));
  const isHeldBack = guard !== undefined && allowed.length < driving.length;
  const trace = isHeldBack ? { ...progress.trace, guard } : progress.trace;
  const pick = pickThreshold(allowed);
  if (pick === undefined) {
    return { ...progress, plan: nothing(config, isHeldBack ? "Guarded" : "NoPressure"), trace };
  }
  const { threshold, reason } = pick;
  const { signal, key: thresholdKey } = threshold;
  const picked = { state: progress.state, trace: { ...trace, picked: { thresholdKey, reason } } };
  const nodeEvents = [attempt(signal)];
  const { dryRun } = config.policy;
  const steps = reclaimStepsOf(signal, config.filesystems);
  if (steps.length > 0) return { ...picked, plan: { kind: "reclaim", thresholdKey, steps, nodeEvents, dryRun } };
  const pods = config.policy.reclaimBeforeKill ? podsToReclaim(config, threshold, input, observed) : [];
  if (pods.length > 0) return { ...picked, plan: { kind: "reclaimPodMemory", thresholdKey, pods, nodeEvents, dryRun } };
  return evict(config, threshold, { ...input, observed }, picked, nodeEvents);
}

function memoryGuard(config: EvictionConfig, { nowMs, summary, memory }: EvictionInput, state: EvictionState) {
  const { lastMemoryEvictionMs } = state;
  const sinceMs = lastMemoryEvictionMs === undefined ? undefined : nowMs - lastMemoryEvictionMs;
  return guardReason(config.policy.psiGuard, memory?.psi ?? summary?.node.memory?.psi, sinceMs);
}

function evict(
  config: EvictionConfig,
  threshold: Threshold,
  input: EvictionInput & Pick<ChoiceInput, "observed">,
  { state, trace }: Progress,
  nodeEvents: readonly NodeEvent[],
): EvictionDecision {
  const choice = chooseVictims(config, threshold, { ...input, inProgress: input.inProgress ?? [] });
  const chosen = choice.trace === undefined ? trace : { ...trace, choice: choice.trace };
  const { dryRun } = config.policy;
  if (choice.reason !== undefined) {
    return { state, plan: { kind: "nothing", reason: choice.reason, nodeEvents, dryRun }, trace: chosen };
  }
  const counts = isMemorySignal(threshold.signal) && !dryRun;
  return {
    state: counts ? { ...state, lastMemoryEvictionMs: input.nowMs } : state,
    plan: {
      kind: "evict",
      cause: "Threshold",
      thresholdKey: threshold.key,
      victims: choice.victims,
      nodeEvents,
      dryRun,
    },
    trace: chosen,
  };
}

/**
 * Pods over their memory request, first victim first, until the page cache that they have in use covers the shortfall. Each
 * is asked for all that it has over its request: the kernel takes unused cache first, which no working set counts, and
 * whoever is reading goes on meanwhile.
 */
function podsToReclaim(
  config: EvictionConfig,
  threshold: Threshold,
  { activePods }: EvictionInput,
  { signals, podStats }: Observed,
): ReclaimPodMemoryPlan["pods"] {
  const { signal } = threshold;
  const observation = signals[signal];
  if (observation === undefined || !isMemorySignal(signal)) return [];
  let left = resolvedAmount(threshold, observation.capacity) - observation.available;
  const pods: { uid: string; bytes: number }[] = [];
  for (const { pod, exceedsRequest, usage, request, aboveRequest } of rankPods(
    signal,
    activePods,
    podStats,
    config.filesystems,
  )) {
    if (left <= 0) break;
    if (!exceedsRequest || pod.isCritical) continue;
    const { usageBytes = usage, rssBytes = 0 } = podStats.get(pod.uid)?.memory ?? {};
    pods.push({ uid: pod.uid, bytes: Math.ceil(Math.max(usage, usageBytes) - request) });
    left -= Math.min(aboveRequest, Math.max(0, usage - rssBytes));
  }
  return pods;
}

interface OverLimit {
  readonly victims: readonly Victim[];
  readonly found: NonNullable<EvictionTrace["localStorage"]>;
}

/** Undefined where no pod is over a limit of its own. */
function evictOverLimit(
  { filesystems }: EvictionConfig,
  { activePods }: EvictionInput,
  { podStats }: Observed,
): OverLimit | undefined {
  const victims: Victim[] = [];
  const found: NonNullable<EvictionTrace["localStorage"]>[number][] = [];
  for (const pod of activePods) {
    const stats = podStats.get(pod.uid);
    const excess = stats === undefined ? undefined : localStorageExcess(pod, stats, filesystems);
    if (excess === undefined) continue;
    const { uid, namespace, name, isCritical } = pod;
    const { message } = excess;
    found.push({ ...excess, uid, isCritical });
    if (isCritical) continue;
    victims.push({ uid, namespace, name, gracePeriodSeconds: 0, reason: "Evicted", message, isForced: false });
  }
  return found.length === 0 ? undefined : { victims, found };
}

function nextState(
  config: EvictionConfig,
  state: EvictionState,
  assessed: readonly AssessedThreshold[],
  { signals }: Observed,
  nowMs: number,
): EvictionState {
  const active = assessed.filter(({ isMet, isHeld }) => isMet || isHeld);
  const seen = new Set(active.map(({ threshold }) => SIGNALS[threshold.signal].condition));
  const met = active.filter(({ graceLeftMs }) => graceLeftMs === 0);
  return {
    ...state,
    ...stepConditions(state, seen, nowMs, config.pressureTransitionMs),
    metSinceMs: Object.fromEntries(active.map(({ threshold: { key } }) => [key, state.metSinceMs[key] ?? nowMs])),
    metKeys: [...new Set(met.map(({ threshold }) => threshold.key))],
    lastObserved: lastObserved(state, signals, nowMs),
  };
}

function lastObserved(state: EvictionState, signals: Observed["signals"], atMs: number): EvictionState["lastObserved"] {
  const last: Partial<Record<Signal, LastObservation>> = {};
  for (const signal of Object.keys(signals) as Signal[]) {
    const observation = signals[signal];
    if (observation === undefined) continue;
    const { time, available } = observation;
    const before = state.lastObserved[signal];
    const trendPerSecond =
      before === undefined || atMs <= before.atMs
        ? undefined
        : ((available - before.available) * 1000) / (atMs - before.atMs);
    last[signal] = { time, available, atMs, ...(trendPerSecond !== undefined && { trendPerSecond }) };
  }
  return last;
}

function openTrace(
  nowMs: number,
  { memory, podsMemory }: Observed,
  thresholds: readonly AssessedThreshold[],
): EvictionTrace {
  return {
    nowMs,
    ...(memory !== undefined && { memory }),
    ...(podsMemory !== undefined && { podsMemory }),
    thresholds,
  };
}

function quiet(config: EvictionConfig) {
  return { nodeEvents: [], dryRun: config.policy.dryRun };
}

function nothing(config: EvictionConfig, reason: NothingReason): EvictionPlan {
  return { kind: "nothing", reason, ...quiet(config) };
}

/** Source: kubelet eviction EvictionThresholdMet. */
function attempt(signal: Signal): NodeEvent {
  const message = `Attempting to reclaim ${SIGNALS[signal].resource}`;
  return { type: "Warning", reason: "EvictionThresholdMet", message };
}
