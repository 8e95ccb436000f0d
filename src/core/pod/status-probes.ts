import type { Container, ContainerStatus, PodSpec } from "../api/types.ts";
import { isSidecar } from "./restart-policy.ts";
import type { ProbeResult } from "./runtime-status.ts";

/** Last results by container id (without the runtime's scheme). */
export interface ProbeResults {
  readonly readiness: ReadonlyMap<string, ProbeResult>;
  readonly startup: ReadonlyMap<string, ProbeResult>;
}

/**
 * `started` and `ready` of regular containers: without a startup probe a running container has started, without a
 * readiness probe a started one is ready; with a probe only a Success counts. A container that has not started keeps
 * the `ready` it came with. Source: kubelet prober_manager.go UpdatePodStatus (1.26).
 */
export function withProbeResults(
  statuses: readonly ContainerStatus[],
  spec: PodSpec,
  results: ProbeResults,
): readonly ContainerStatus[] {
  return statuses.map((status) => {
    const container = spec.containers.find((candidate) => candidate.name === status.name);
    return probed(status, container, results);
  });
}

/**
 * An init container is ready once it has ended well; a sidecar has started and is ready as a regular container has and
 * is. Source: as above, sidecars of 1.29.
 */
export function withInitReadiness(
  statuses: readonly ContainerStatus[],
  spec: PodSpec,
  results: ProbeResults,
): readonly ContainerStatus[] {
  return statuses.map((status) => {
    const container = spec.initContainers?.find((candidate) => candidate.name === status.name);
    if (container !== undefined && isSidecar(container)) return probed(status, container, results);
    return { ...status, ready: status.state?.terminated?.exitCode === 0 };
  });
}

function probed(status: ContainerStatus, container: Container | undefined, results: ProbeResults): ContainerStatus {
  if (status.state?.running === undefined) return { ...status, started: false };
  const id = rawContainerId(status.containerID);
  const startup = results.startup.get(id);
  const started = startup === undefined ? container?.startupProbe === undefined : startup === "Success";
  if (!started) return { ...status, started };
  const ready = results.readiness.get(id) === "Success" || container?.readinessProbe === undefined;
  return { ...status, started, ready };
}

/** `containerd://abc` -> `abc`; "" for none. */
export function rawContainerId(containerId: string | undefined): string {
  return containerId?.slice(containerId.indexOf("://") + 3) ?? "";
}
