import { goQuote } from "../api/go-quote.ts";
import type { Container, ContainerStatus, PodCondition, PodPhase, PodSpec } from "../api/types.ts";
import { hasStarted } from "./phase.ts";
import { isSidecar } from "./restart-policy.ts";

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
 * Of regular containers and sidecars. `statuses`: of all containers, undefined means that nothing is known (differs from
 * an empty list). Source: kubelet status/generate.go GenerateContainersReadyCondition (1.26; sidecars of 1.29).
 */
export function containersReadyCondition(
  spec: PodSpec,
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase,
): ConditionDraft {
  const type = "ContainersReady";
  if (statuses === undefined) return { type, status: "False", reason: "UnknownContainerStatuses" };
  const serving = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  const { unknown, unready } = splitByReadiness(serving, statuses, ({ ready }) => ready);
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
 * Initialized: every init container is `ready`, which for them means that it ended well, and every sidecar has started
 * up. A pod with sidecars whose regular containers have started stays so while a sidecar starts again. `statuses`: of
 * all containers. Source: kubelet status/generate.go GeneratePodInitializedCondition (1.26; sidecars of 1.29).
 */
export function podInitializedCondition(
  spec: PodSpec,
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase,
): ConditionDraft {
  const type = "Initialized";
  const initContainers = spec.initContainers ?? [];
  if (statuses === undefined && initContainers.length > 0) {
    return { type, status: "False", reason: "UnknownContainerStatuses" };
  }
  const { unknown, unready } = splitByReadiness(initContainers, statuses ?? [], isInitialized);
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "True", reason: "PodCompleted" };
  const message = unreadyMessage(unknown, unready, "incomplete");
  if (message === "") return { type, status: "True" };
  const wasInitialized = initContainers.some(isSidecar) && anyStarted(spec.containers, statuses ?? []);
  return wasInitialized
    ? { type, status: "True" }
    : { type, status: "False", reason: "ContainersNotInitialized", message };
}

function isInitialized(status: ContainerStatus, container: Container): boolean {
  return isSidecar(container) ? status.started === true : status.ready;
}

function anyStarted(containers: readonly Container[], statuses: readonly ContainerStatus[]): boolean {
  const names = new Set(containers.map(({ name }) => name));
  return statuses.some((status) => names.has(status.name) && hasStarted(status));
}

function splitByReadiness(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  isReady: (status: ContainerStatus, container: Container) => boolean,
): { readonly unknown: readonly string[]; readonly unready: readonly string[] } {
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const container of containers) {
    const { name } = container;
    const status = statuses.find((candidate) => candidate.name === name);
    if (status === undefined) unknown.push(name);
    else if (!isReady(status, container)) unready.push(name);
  }
  return { unknown, unready };
}

function unreadyMessage(unknown: readonly string[], unready: readonly string[], word: string): string {
  const parts: string[] = [];
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(" ")}]`);
  if (unready.length > 0) parts.push(`containers with ${word} status: [${unready.join(" ")}]`);
  return parts.join(", ");
}
