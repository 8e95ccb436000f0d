import { goQuote } from "../api/go-quote.ts";
import type { ContainerStatus, PodCondition, PodPhase, PodSpec } from "../api/types.ts";

/** What the kubelet says of a pod in one condition; times are added where conditions are merged with the old ones. */
export type ConditionDraft = Pick<PodCondition, "type" | "status"> & {
  readonly reason?: string;
  readonly message?: string;
};

/** Condition types that the kubelet owns; all others belong to whoever set them. Source: kubelet types PodConditionByKubelet. */
export const KUBELET_CONDITION_TYPES: ReadonlySet<string> = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
]);

/**
 * `statuses` undefined means that nothing is known (differs from an empty list).
 * Source: kubelet status/generate.go GenerateContainersReadyCondition.
 */
export function containersReadyCondition(
  spec: PodSpec,
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase,
): ConditionDraft {
  const type = "ContainersReady";
  if (statuses === undefined) return { type, status: "False", reason: "UnknownContainerStatuses" };
  const { unknown, unready } = splitByReadiness(spec.containers, statuses);
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const message = unreadyMessage(unknown, unready, "unready");
  if (message === "") return { type, status: "True" };
  return { type, status: "False", reason: "ContainersNotReady", message };
}

/**
 * Ready: ContainersReady and every readiness gate of the spec True in `conditions` (the pod's present ones).
 * Source: kubelet status/generate.go GeneratePodReadyCondition.
 */
export function podReadyCondition(
  spec: PodSpec,
  conditions: readonly PodCondition[],
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase,
): ConditionDraft {
  const type = "Ready";
  const containersReady = containersReadyCondition(spec, statuses, phase);
  if (containersReady.status !== "True") return { ...containersReady, type };
  const complaints = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = conditions.find((condition) => condition.type === conditionType);
    if (found === undefined) {
      return [`corresponding condition of pod readiness gate ${goQuote(conditionType)} does not exist.`];
    }
    if (found.status === "True") return [];
    return [`the status of pod readiness gate ${goQuote(conditionType)} is not "True", but ${found.status}`];
  });
  if (complaints.length === 0) return { type, status: "True" };
  return { type, status: "False", reason: "ReadinessGatesNotReady", message: complaints.join(", ") };
}

/**
 * Initialized: every init container is `ready`, which for them means that it ended well.
 * Source: kubelet status/generate.go GeneratePodInitializedCondition (1.26).
 */
export function podInitializedCondition(
  spec: PodSpec,
  initStatuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase,
): ConditionDraft {
  const type = "Initialized";
  const initContainers = spec.initContainers ?? [];
  if (initStatuses === undefined && initContainers.length > 0) {
    return { type, status: "False", reason: "UnknownContainerStatuses" };
  }
  const { unknown, unready } = splitByReadiness(initContainers, initStatuses ?? []);
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "True", reason: "PodCompleted" };
  const message = unreadyMessage(unknown, unready, "incomplete");
  if (message === "") return { type, status: "True" };
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function splitByReadiness(
  containers: readonly { readonly name: string }[],
  statuses: readonly ContainerStatus[],
): { readonly unknown: readonly string[]; readonly unready: readonly string[] } {
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { name } of containers) {
    const status = statuses.find((candidate) => candidate.name === name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  return { unknown, unready };
}

function unreadyMessage(unknown: readonly string[], unready: readonly string[], word: string): string {
  const parts: string[] = [];
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(" ")}]`);
  if (unready.length > 0) parts.push(`containers with ${word} status: [${unready.join(" ")}]`);
  return parts.join(", ");
}
