import type { Container, PodSpec } from "../api/types.ts";
import { newestContainerStatus } from "./actions-restart.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

/** `done`: initialization is over. `next`: what runs next; absent: one is running now. `failed`: the instance that failed. */
export interface InitProgress {
  readonly done: boolean;
  readonly next?: Container;
  readonly failed?: RuntimeContainerStatus;
}

/**
 * How far initialization is. A running main container proves that it is over, also where the instances of the init
 * containers are gone. A failed init container (the last one in order) is next again; an instance that is merely
 * created does not count. Source: kubelet kuberuntime_container.go findNextInitContainerToRun (1.26).
 */
export function initProgress(spec: PodSpec, podStatus: Pick<RuntimePodStatus, "containerStatuses">): InitProgress {
  const initContainers = spec.initContainers ?? [];
  const [first] = initContainers;
  if (first === undefined) return { done: true };
  const mainRuns = spec.containers.some(
    ({ name }) => newestContainerStatus(podStatus, name)?.state === "CONTAINER_RUNNING",
  );
  if (mainRuns) return { done: true };

  const backwards = initContainers
    .map((container, index) => ({ container, index, status: newestContainerStatus(podStatus, container.name) }))
    .reverse();
  for (const { container, status } of backwards) {
    if (status !== undefined && isFailedInit(status)) return { done: false, next: container, failed: status };
  }
  for (const { index, status } of backwards) {
    if (status?.state === "CONTAINER_RUNNING") return { done: false };
    if (status?.state !== "CONTAINER_EXITED") continue;
    const next = initContainers[index + 1];
    return next === undefined ? { done: true } : { done: false, next };
  }
  return { done: false, next: first };
}

/**
 * Ids of init container instances to remove before anything starts: all of them where the pod gets a new sandbox (they
 * ran in another one, and would make initialization look done), else the ended ones but the newest of each name.
 * Source: kubelet kuberuntime_container.go purgeInitContainers, pruneInitContainersBeforeStart.
 */
export function initContainersToRemove(
  spec: PodSpec,
  podStatus: Pick<RuntimePodStatus, "containerStatuses">,
  newSandbox: boolean,
): readonly string[] {
  return (spec.initContainers ?? []).flatMap(({ name }) => {
    const instances = podStatus.containerStatuses.filter((status) => status.name === name);
    const ended = instances.filter(({ state }) => state === "CONTAINER_EXITED" || state === "CONTAINER_UNKNOWN");
    return (newSandbox ? instances : ended.slice(1)).map(({ id }) => id);
  });
}

/** An OOM-killed process fails the container even where its exit code is 0. */
function isFailedInit(status: RuntimeContainerStatus): boolean {
  if (status.reason === "OOMKilled" || status.state === "CONTAINER_UNKNOWN") return true;
  return status.state === "CONTAINER_EXITED" && status.exitCode !== 0;
}
