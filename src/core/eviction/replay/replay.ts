/** Runs scenarios through the production machine, on the times that they tell. */
import { parseGoDuration } from "../../config/go-duration.ts";
import { type EvictablePod, evictablePod } from "../evictable-pod.ts";
import { type EvictionConfig, type EvictionFields, evictionConfig } from "../eviction-config.ts";
import type { EvictionPlan } from "../plan.ts";
import type { EvictionPolicy } from "../policy.ts";
import { type EvictionState, INITIAL_EVICTION_STATE } from "../state.ts";
import { afterReclaim, type EvictionDecision, type EvictionInput, type MeasuredAgain, stepEviction } from "../step.ts";
import { probeAdmissions } from "./probe-pods.ts";
import { reportEvictions, reportPodEvents, reportRanking, reportThresholds, type StepResult } from "./report.ts";
import type { Scenario, ScenarioStep } from "./scenario.ts";

export interface ReplayOptions {
  /** In place of the scenario's own, as is the policy. */
  readonly kubeletConfiguration?: EvictionFields;
  readonly policy?: Partial<EvictionPolicy>;
  /** containerfs.* may be named in the configuration. Absent: in a scenario that tells which filesystems there were. */
  readonly knowsContainerFs?: boolean;
  /** Absent: each step is measured as it is written, whatever was decided before. */
  readonly adjust?: AdjustStep;
}

/** One step as it was decided; `second` is what followed a reclaim. */
export interface ReplayedStep {
  readonly atMs: number;
  readonly input: EvictionInput;
  readonly first: EvictionDecision;
  readonly second?: EvictionDecision;
}

export interface FinishedReplay {
  readonly config: EvictionConfig;
  readonly steps: readonly ReplayedStep[];
}

export type Replay = FinishedReplay | { readonly error: string };

/** What a step would have measured, given what the replay has decided so far. */
export type AdjustStep = (step: ScenarioStep, before: readonly ReplayedStep[]) => ScenarioStep;

/** The decisions of all steps; the error is that of a configuration that no kubelet would start with. */
export function replayScenario(scenario: Scenario, options: ReplayOptions = {}): Replay {
  const { filesystems, dedicatedImageFs } = scenario;
  const policy = options.policy ?? scenario.policy;
  const parsed = evictionConfig(options.kubeletConfiguration ?? scenario.kubeletConfiguration, {
    filesystems: filesystems ?? (dedicatedImageFs ? "DedicatedImages" : "Shared"),
    knowsContainerFs: options.knowsContainerFs ?? filesystems !== undefined,
    ...(policy !== undefined && { policy }),
  });
  if ("error" in parsed) return parsed;
  const { config } = parsed;
  const pods = new Map(scenario.pods.map((pod) => [pod.metadata?.uid ?? "", evictablePod(pod)]));
  const steps: ReplayedStep[] = [];
  let state: EvictionState = INITIAL_EVICTION_STATE;
  for (const written of scenario.steps) {
    const step = options.adjust === undefined ? written : options.adjust(written, steps);
    const replayed = replayStep(config, state, step, pods);
    state = (replayed.second ?? replayed.first).state;
    steps.push(replayed);
  }
  return { config, steps };
}

/** The plan that a step ended with. */
export function finalPlan({ first, second }: ReplayedStep): EvictionPlan {
  return (second ?? first).plan;
}

function replayStep(
  config: EvictionConfig,
  state: EvictionState,
  step: ScenarioStep,
  pods: ReadonlyMap<string, EvictablePod>,
): ReplayedStep {
  const atMs = (parseGoDuration(step.at) ?? 0) / 1e6;
  const activePods = step.activePods.flatMap((uid) => pods.get(uid) ?? []);
  const { summary, memory, inProgress } = step;
  const input: EvictionInput = {
    nowMs: atMs,
    activePods,
    ...(summary !== undefined && { summary }),
    ...(memory !== undefined && { memory }),
    ...(inProgress !== undefined && { inProgress }),
  };
  const first = stepEviction(config, state, input);
  if (first.plan.kind !== "reclaim" && first.plan.kind !== "reclaimPodMemory") return { atMs, input, first };
  return { atMs, input, first, second: afterReclaim(config, first.state, input, first.plan, measureAgain(step)) };
}

function measureAgain(step: ScenarioStep): MeasuredAgain {
  const summary = step.summaryAfterReclaim ?? step.summary;
  const memory = step.memoryAfterReclaim ?? step.memory;
  if (step.summaryAfterReclaimError === true || summary === undefined) return {};
  return { summary, ...(memory !== undefined && { memory }) };
}

/** What a step came to, in the words of scenario files. */
export function stepResult(config: EvictionConfig, { first, second }: ReplayedStep): StepResult {
  const { state, plan, trace } = second ?? first;
  const met = new Set(state.metKeys);
  const { nodeEvents } = first.plan;
  const seen = new Set<string>();
  const thresholds = config.thresholds.filter(({ key }) => {
    const isNew = met.has(key) && !seen.has(key);
    seen.add(key);
    return isNew;
  });
  return {
    ...(state.conditions.length > 0 && { nodeConditions: state.conditions }),
    ...(thresholds.length > 0 && { thresholdsMet: reportThresholds(thresholds) }),
    ...(first.plan.kind === "reclaim" && { reclaimCalls: first.plan.steps }),
    ...(nodeEvents.length > 0 && { nodeEvents }),
    ...(plan.kind === "evict" && { evicted: reportEvictions(plan), podEvents: reportPodEvents(plan) }),
    ...reportRanking(trace.choice),
    admit: probeAdmissions(state.conditions),
  };
}
