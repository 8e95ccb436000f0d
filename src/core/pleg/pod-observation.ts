/**
 * One pod as the runtime's two lists show it, and how it becomes a RuntimePodStatus with as few further calls as
 * possible: an instance whose state did not change since the last observation is taken over from it.
 */
import { POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL } from "../cri/labels.ts";
import type { CriContainer, PodSandbox, PodSandboxStatus } from "../cri/types.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../pod/runtime-status.ts";
import { withOrderedCreation } from "./creation-order.ts";
import { containerPlegState, type PodStates, sandboxPlegState } from "./diff.ts";

/** Rows of ListPodSandbox and ListContainers that belong to one pod UID, in any order. */
export interface PodRows {
  readonly uid: string;
  readonly sandboxes: readonly PodSandbox[];
  readonly containers: readonly CriContainer[];
}

/** Which statuses must be asked for; the others are in `known`. */
export interface ObservationPlan {
  readonly sandboxIds: readonly string[];
  readonly containerIds: readonly string[];
  readonly known: RuntimePodStatus | undefined;
}

/** Groups both lists by pod UID; rows without the kubelet's UID label are nobody's and left out. */
export function groupByPod(
  sandboxes: readonly PodSandbox[],
  containers: readonly CriContainer[],
): ReadonlyMap<string, PodRows> {
  const groups = new Map<string, { uid: string; sandboxes: PodSandbox[]; containers: CriContainer[] }>();
  const groupOf = (uid: string) => {
    const group = groups.get(uid) ?? { uid, sandboxes: [], containers: [] };
    groups.set(uid, group);
    return group;
  };
  for (const sandbox of sandboxes) {
    const uid = sandbox.labels[POD_UID_LABEL];
    if (uid !== undefined) groupOf(uid).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const uid = container.labels[POD_UID_LABEL];
    if (uid !== undefined) groupOf(uid).containers.push(container);
  }
  return groups;
}

export function rowStates(rows: PodRows): PodStates {
  const states = new Map<string, ReturnType<typeof containerPlegState>>();
  for (const sandbox of rows.sandboxes) states.set(sandbox.id, sandboxPlegState(sandbox.state));
  for (const container of rows.containers) states.set(container.id, containerPlegState(container.state));
  return states;
}

export function statusStates(status: RuntimePodStatus | undefined): PodStates {
  const states = new Map<string, ReturnType<typeof containerPlegState>>();
  for (const sandbox of status?.sandboxStatuses ?? []) states.set(sandbox.id, sandboxPlegState(sandbox.state));
  for (const container of status?.containerStatuses ?? [])
    states.set(container.id, containerPlegState(container.state));
  return states;
}

export function planObservation(rows: PodRows, known: RuntimePodStatus | undefined): ObservationPlan {
  const sandboxIds = rows.sandboxes.filter((row) => !sameSandbox(row, known)).map((row) => row.id);
  const containerIds = rows.containers.filter((row) => !sameContainer(row, known)).map((row) => row.id);
  return { sandboxIds, containerIds, known };
}

/** A ready sandbox without an address may get one later, so it is asked again. */
function sameSandbox(row: PodSandbox, known: RuntimePodStatus | undefined): boolean {
  const before = known?.sandboxStatuses.find((status) => status.id === row.id);
  return before !== undefined && before.state === row.state && (before.network?.ip ?? "") !== "";
}

function sameContainer(row: CriContainer, known: RuntimePodStatus | undefined): boolean {
  const before = known?.containerStatuses.find((status) => status.id === row.id);
  return before !== undefined && before.state === row.state;
}

/**
 * The pod's status from its rows, the answers (absent: gone in between, left out) and what was known before.
 * `undefined`: the runtime knows nothing of this pod.
 */
export function assemblePodStatus(
  rows: PodRows,
  plan: ObservationPlan,
  sandboxes: ReadonlyMap<string, PodSandboxStatus>,
  containers: ReadonlyMap<string, RuntimeContainerStatus>,
): RuntimePodStatus | undefined {
  const knownSandboxes = new Map(plan.known?.sandboxStatuses.map((status) => [status.id, status]));
  const knownContainers = new Map(plan.known?.containerStatuses.map((status) => [status.id, status]));
  const asked = new Set([...plan.sandboxIds, ...plan.containerIds]);
  const pick = <T>(id: string, answers: ReadonlyMap<string, T>, known: ReadonlyMap<string, T>) =>
    asked.has(id) ? answers.get(id) : known.get(id);
  const observedSandboxes = rows.sandboxes.flatMap((row) => pick(row.id, sandboxes, knownSandboxes) ?? []);
  const sandboxStatuses = withOrderedCreation(
    observedSandboxes,
    () => rows.uid,
    ({ metadata }) => metadata.attempt,
  ).toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.metadata.attempt - a.metadata.attempt || compare(a.id, b.id));
  const observedContainers = rows.containers.flatMap((row) => pick(row.id, containers, knownContainers) ?? []);
  const containerStatuses = withOrderedCreation(
    observedContainers,
    ({ name }) => name,
    ({ restartCount }) => restartCount,
  ).toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.restartCount - a.restartCount || compare(a.id, b.id));
  if (sandboxStatuses.length === 0 && containerStatuses.length === 0) return undefined;
  const labels = rows.sandboxes[0]?.labels ?? rows.containers[0]?.labels ?? {};
  return {
    uid: rows.uid,
    name: labels[POD_NAME_LABEL] ?? "",
    namespace: labels[POD_NAMESPACE_LABEL] ?? "",
    ips: podIps(sandboxStatuses),
    sandboxStatuses,
    containerStatuses,
  };
}

/** Addresses of the newest sandbox while it is ready; none for a pod on the host's network. */
function podIps(sandboxes: readonly PodSandboxStatus[]): readonly string[] {
  const newest = sandboxes[0];
  if (newest?.state !== "SANDBOX_READY" || newest.namespaceOptions?.network === "NODE") return [];
  const { ip = "", additionalIps = [] } = newest.network ?? {};
  return ip === "" ? [] : [ip, ...additionalIps];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
