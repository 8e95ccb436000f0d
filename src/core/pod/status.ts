import type { Pod, PodCondition, PodPhase, PodStatus, QosClass } from "../api/types.ts";
import {
  type ConditionDraft,
  containersReadyCondition,
  KUBELET_CONDITION_TYPES,
  podInitializedCondition,
  podReadyCondition,
} from "./conditions.ts";
import { isTerminalPhase, podPhase } from "./phase.ts";
import type { RuntimePodStatus } from "./runtime-status.ts";
import { type ContainerStatusesInput, containerStatuses, type StartError } from "./status-containers.ts";
import { addressFields } from "./status-ips.ts";
import { type ProbeResults, withInitReadiness, withProbeResults } from "./status-probes.ts";

export interface PodStatusInput {
  /** With the status that the API server (or the manifest) shows in `pod.status`. */
  readonly pod: Pod;
  readonly qosClass: QosClass;
  readonly podStatus: RuntimePodStatus;
  /** What this function returned last time; absent: nothing yet, `pod.status` counts. */
  readonly previous?: PodStatus;
  /** By container name. */
  readonly startErrors: ReadonlyMap<string, StartError>;
  readonly probes: ProbeResults;
  readonly runtimeName: string;
  /** The node's addresses, primary first, at most one per family; empty: not known. */
  readonly hostIps: readonly string[];
  /** The agent ends the pod (eviction, deadline): phase Failed with this reason, whatever the containers say. */
  readonly evict?: {
    readonly reason: string;
    readonly message: string;
    /** Put into the status with it. */
    readonly conditions?: readonly PodCondition[];
  };
}

/**
 * The API status of a pod, without `startTime` and without times in the kubelet's own conditions (they are merged with
 * the old ones where the status is stored). A terminal phase is final: that of `pod.status` wins over everything, that
 * of `previous` over what the containers say. Source: kubelet kubelet_pods.go generateAPIPodStatus (1.26).
 */
export function generatePodStatus(input: PodStatusInput): PodStatus {
  const { pod } = input;
  const spec = pod.spec ?? { containers: [] };
  const previous = input.previous ?? pod.status ?? {};
  const of = (
    containers: ContainerStatusesInput["containers"] | undefined,
    before: ContainerStatusesInput["previous"] | undefined,
    isInit: boolean,
  ) => containerStatuses({ ...input, containers: containers ?? [], previous: before ?? [], isInit });

  const main = of(spec.containers, previous.containerStatuses, false);
  const init = of(spec.initContainers, previous.initContainerStatuses, true);
  const ephemeral = of(spec.ephemeralContainers, previous.ephemeralContainerStatuses, false);
  const mainReady = withProbeResults(main, spec, input.probes);
  const initReady = withInitReadiness(init, spec, input.probes);
  const all = [...mainReady, ...initReady];
  const outcome = decideOutcome(input, previous, podPhase(spec, all));

  const conditions = withConditions(foreignConditions(pod, previous), input.evict?.conditions ?? []);
  return {
    phase: outcome.phase,
    ...(outcome.reason ? { reason: outcome.reason } : {}),
    ...(outcome.message ? { message: outcome.message } : {}),
    conditions: [
      ...conditions,
      podInitializedCondition(spec, all, outcome.phase),
      podReadyCondition(spec, conditions, all, outcome.phase),
      containersReadyCondition(spec, all, outcome.phase),
      { type: "PodScheduled", status: "True" } satisfies ConditionDraft,
    ],
    ...addressFields(input.podStatus.ips, input.hostIps, spec.hostNetwork === true),
    qosClass: input.qosClass,
    ...(mainReady.length === 0 ? {} : { containerStatuses: mainReady }),
    ...(initReady.length === 0 ? {} : { initContainerStatuses: initReady }),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
  };
}

interface Outcome {
  readonly phase: PodPhase;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

function decideOutcome(input: PodStatusInput, previous: PodStatus, observed: PodPhase): Outcome {
  const apiPhase = input.pod.status?.phase;
  const apiIsFinal = isTerminalPhase(apiPhase);
  const outcome = input.evict
    ? { phase: "Failed" as const, reason: input.evict.reason, message: input.evict.message }
    : withExplanation(input.pod, previous, finalPhase(observed, previous.phase, apiPhase));
  // Reason and message stay as they are here: so does the kubelet when it takes back an illegal transition.
  return apiIsFinal ? { ...outcome, phase: apiPhase } : outcome;
}

function finalPhase(observed: PodPhase, previous: string | undefined, api: string | undefined): PodPhase {
  if (isTerminalPhase(observed)) return observed;
  if (isTerminalPhase(previous)) return previous;
  return isTerminalPhase(api) ? api : observed;
}

/** Reason and message belong to a phase: they stay as long as it does. */
function withExplanation(pod: Pod, previous: PodStatus, phase: PodPhase): Outcome {
  if (phase !== previous.phase) return { phase };
  return {
    phase,
    reason: previous.reason || pod.status?.reason,
    message: previous.message || pod.status?.message,
  };
}

function withConditions(conditions: readonly PodCondition[], added: readonly PodCondition[]): readonly PodCondition[] {
  const types = new Set(added.map(({ type }) => type));
  return [...conditions.filter(({ type }) => !types.has(type)), ...added];
}

/** Conditions of others, and DisruptionTarget, which the agent sets once when it evicts. */
function foreignConditions(pod: Pod, previous: PodStatus): readonly PodCondition[] {
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => !KUBELET_CONDITION_TYPES.has(type));
  const disruption = previous.conditions?.find(({ type }) => type === "DisruptionTarget");
  if (disruption === undefined) return conditions;
  const known = conditions.some(({ type }) => type === "DisruptionTarget");
  if (!known) return [...conditions, disruption];
  return conditions.map((condition) => (condition.type === "DisruptionTarget" ? disruption : condition));
}
