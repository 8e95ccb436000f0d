/** Whose log is meant. Source: kubelet kubelet_pods.go GetKubeletContainerLogs, validateContainerLogStatus. */

import { goQuote } from "../api/go-quote.ts";
import type { ContainerStatus, Pod } from "../api/types.ts";

export interface LogRequest {
  /** Absent: the only container of the pod. */
  readonly container?: string;
  /** The instance before the current one. */
  readonly previous: boolean;
}

/** `containerId` without the runtime's prefix. `error` is the kubelet's text for the caller (HTTP 400). */
export type LogChoice = { readonly container: string; readonly containerId: string } | { readonly error: string };

export function chooseLog(pod: Pod, request: LogRequest): LogChoice {
  const name = request.container || onlyContainer(pod);
  const podName = pod.metadata?.name ?? "";
  if (name === undefined)
    return { error: `a container name must be specified for pod ${podName}, choose one of: ${choices(pod)}` };
  if (!containerNames(pod).includes(name)) return { error: `container ${name} is not valid for pod ${podName}` };
  const found = instanceId(pod, name, request.previous);
  return "error" in found ? found : { container: name, containerId: found.id.replace(/^[^:]*:\/\//, "") };
}

/** All containers in the order in which they start: init containers first. */
export function containerNames(pod: Pod): readonly string[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
}

function onlyContainer(pod: Pod): string | undefined {
  const containers = pod.spec?.containers ?? [];
  return containers.length === 1 ? containers[0]?.name : undefined;
}

function choices(pod: Pod): string {
  const init = pod.spec?.initContainers ?? [];
  const main = `[${(pod.spec?.containers ?? []).map(({ name }) => name).join(" ")}]`;
  return init.length === 0
    ? main
    : `${main} or one of the init containers: [${init.map(({ name }) => name).join(" ")}]`;
}

function instanceId(pod: Pod, name: string, previous: boolean): { readonly id: string } | { readonly error: string } {
  const subject = `container ${goQuote(name)} in pod ${goQuote(pod.metadata?.name ?? "")}`;
  const status = statusOf(pod, name);
  if (status === undefined) return { error: `${subject} is not available` };
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous)
    return last?.containerID ? { id: last.containerID } : { error: `previous terminated ${subject} not found` };
  if (running != null) return { id: status.containerID ?? "" };
  if (terminated?.containerID) return { id: terminated.containerID };
  if (last?.containerID) return { id: last.containerID };
  if (terminated != null || last != null) return { error: `${subject} is terminated` };
  return { error: `${subject} is waiting to start${waitingFor(waiting?.reason)}` };
}

function waitingFor(reason: string | undefined): string {
  if (reason === undefined) return " - no logs yet";
  if (reason === "ErrImagePull") return ": image can't be pulled";
  return reason === "ImagePullBackOff" ? ": trying and failing to pull image" : `: ${reason}`;
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (each) => each.name === name,
  );
}
