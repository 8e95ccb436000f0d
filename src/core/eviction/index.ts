/**
 * eviction: who has to go when memory, disk, inodes or process IDs run short, and why. Owns thresholds, observations,
 * conditions, ranking, messages and the policies that a node may set; reference behaviour is the kubelet's of 1.26.
 * Refuses to measure, to free and to kill: it gets measurements and answers with a plan.
 */
export { type Admission, admitUnderPressure } from "./admission.ts";
export { type AssessedThreshold, assessThresholds, isThresholdMet } from "./assess.ts";
export type { MemoryAvailability, MemoryFacts } from "./availability.ts";
export { type ConditionText, conditionText, PRESSURE_CONDITIONS } from "./conditions.ts";
export { configuredPolicy } from "./configured-policy.ts";
export { type EvictablePod, evictablePod } from "./evictable-pod.ts";
export {
  type EvictionConfig,
  type EvictionConfigOptions,
  type EvictionFields,
  evictionConfig,
  type ParsedEvictionConfig,
} from "./eviction-config.ts";
export {
  type EvictionExplanation,
  type ExplainedCondition,
  type ExplainedNext,
  type ExplainedSignal,
  type ExplainedThreshold,
  explainEviction,
  explainPod,
  type PodPlace,
  type Remedy,
} from "./explain.ts";
export type { FilesystemLayout, ReclaimStep } from "./filesystems.ts";
export type { PodInProgress } from "./in-progress.ts";
export { type Observation, type Observed, observeSignals, type SignalObservations } from "./observations.ts";
export type {
  DisruptionCondition,
  EvictionPlan,
  EvictPlan,
  NodeEvent,
  NothingReason,
  ReclaimPlan,
  ReclaimPodMemoryPlan,
  Victim,
} from "./plan.ts";
export { type EvictionPolicy, type PsiGuard, REFERENCE_POLICY } from "./policy.ts";
export { decidingStep, type RankedPod, type RankStep, rankPods } from "./ranking.ts";
export {
  type ComparedReplays,
  compareScenario,
  type PolicyOutcome,
  type ReplayedEviction,
  type ScenarioComparison,
} from "./replay/compare.ts";
export {
  type FinishedReplay,
  finalPlan,
  type Replay,
  type ReplayedStep,
  type ReplayOptions,
  replayScenario,
  stepResult,
} from "./replay/replay.ts";
export { type ReportedEviction, reportThresholds, type StepResult } from "./replay/report.ts";
export type { Scenario, ScenarioStep } from "./replay/scenario.ts";
export { type PressureCondition, SIGNAL_NAMES, SIGNALS, type Signal, type StarvedResource } from "./signals.ts";
export { type EvictionState, INITIAL_EVICTION_STATE, type LastObservation } from "./state.ts";
export { afterReclaim, type EvictionDecision, type EvictionInput, type MeasuredAgain, stepEviction } from "./step.ts";
export { isHard, type Threshold, type ThresholdValue, thresholdAmount, thresholdQuantity } from "./threshold.ts";
export {
  DEFAULT_EVICTION_HARD,
  type ParsedThresholds,
  parseThresholds,
  type ThresholdError,
  type ThresholdFields,
  type ThresholdOptions,
} from "./thresholds.ts";
export type { ChoiceTrace, EvictionTrace, RankedPodTrace } from "./trace.ts";
