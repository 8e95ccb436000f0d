import type { Container, Pod, PodSpec } from "../api/types.ts";
import { restartsAfter } from "./restart-policy.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

/** The newest instance of a container; `undefined`: the runtime has none. */
export function newestContainerStatus(
  podStatus: Pick<RuntimePodStatus, "containerStatuses">,
  name: string,
): RuntimeContainerStatus | undefined {
  return podStatus.containerStatuses.find((status) => status.name === name);
}

/**
 * The rule for one container alone: should the next sync start it (again)? Never once the pod is marked deleted; a
 * container that was never there, or is merely created, or in an unknown state, is always started.
 * Source: kubelet container/helpers.go ShouldContainerBeRestarted.
 */
export function shouldContainerBeRestarted(
  containerName: string,
  pod: Pod,
  podStatus: Pick<RuntimePodStatus, "containerStatuses">,
): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined) return false;
  const status = newestContainerStatus(podStatus, containerName);
  if (status === undefined) return true;
  if (status.state === "CONTAINER_RUNNING") return false;
  if (status.state !== "CONTAINER_EXITED") return true;
  const spec = pod.spec ?? { containers: [] };
  return restartsAfter(restartableContainer(spec, containerName), spec, status.exitCode);
}

/** The container of that name among those that can be started again (ephemeral ones never are). */
export function restartableContainer(spec: PodSpec, name: string): Container | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);
}
