/**
 * Labels and annotations that a kubelet puts on sandboxes and containers, and the way back from them.
 * Names and values: kubelet kuberuntime/labels.go, pkg/kubelet/types/labels.go.
 */
import type { Container, ContainerPort, LifecycleHandler, Pod } from "../api/types.ts";
import { containerHash } from "../pod/hash.ts";
import { goJson } from "./go-json.ts";
import type { StringMap } from "./types.ts";

/** Labels of every sandbox and container: whose it is. */
export const POD_NAME_LABEL = "io.kubernetes.pod.name";
/** Namespace of the pod. */
export const POD_NAMESPACE_LABEL = "io.kubernetes.pod.namespace";
/** UID of the pod: what groups the runtime's rows into pods. */
export const POD_UID_LABEL = "io.kubernetes.pod.uid";
/** Name in the pod's spec; sandboxes have none. */
export const CONTAINER_NAME_LABEL = "io.kubernetes.container.name";
const POD_LABELS: ReadonlySet<string> = new Set([POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL]);

const HASH = "io.kubernetes.container.hash";
const RESTART_COUNT = "io.kubernetes.container.restartCount";
const TERMINATION_MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath";
const TERMINATION_MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy";
const PRE_STOP_HANDLER = "io.kubernetes.container.preStopHandler";
const PORTS = "io.kubernetes.container.ports";
const DELETION_GRACE_PERIOD = "io.kubernetes.pod.deletionGracePeriod";
const TERMINATION_GRACE_PERIOD = "io.kubernetes.pod.terminationGracePeriod";

/** What the labels and annotations of a container tell. A field whose annotation is missing or unreadable is absent. */
export interface ContainerInfo {
  readonly podName: string;
  readonly podNamespace: string;
  /** "": the container is not of a kubelet. */
  readonly podUid: string;
  readonly containerName: string;
  /** Hash of the spec that the container was created from, as `containerHash` gives it; "" when unknown. */
  readonly hash: string;
  /** 0 when unknown. */
  readonly restartCount: number;
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: string;
  readonly podDeletionGraceSeconds?: number;
  readonly podTerminationGraceSeconds?: number;
  readonly preStop?: LifecycleHandler;
  readonly ports?: readonly ContainerPort[];
}

/** Labels of the sandbox: the pod's own, and the three that name the pod, which win. */
export function sandboxLabels(pod: Pod): StringMap {
  return { ...pod.metadata?.labels, ...podLabels(pod) };
}

/** Labels of the pod alone, without the three that name it: the inverse of `sandboxLabels`. */
export function podLabelsOfSandbox(labels: StringMap): StringMap {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !POD_LABELS.has(name)));
}

/** The three labels that name the pod, and the container's name; none of the pod's own. */
export function containerLabels(pod: Pod, container: Container): StringMap {
  return { ...podLabels(pod), [CONTAINER_NAME_LABEL]: container.name };
}

function podLabels(pod: Pod): StringMap {
  return {
    [POD_NAME_LABEL]: pod.metadata?.name ?? "",
    [POD_NAMESPACE_LABEL]: pod.metadata?.namespace ?? "",
    [POD_UID_LABEL]: pod.metadata?.uid ?? "",
  };
}

/** `extra` are annotations of others (device plugins); the kubelet's own win over them. */
export function containerAnnotations(
  pod: Pod,
  container: Container,
  restartCount: number,
  extra: StringMap = {},
): StringMap {
  const deletionGrace = pod.metadata?.deletionGracePeriodSeconds;
  const terminationGrace = pod.spec?.terminationGracePeriodSeconds;
  const preStop = container.lifecycle?.preStop;
  const ports = container.ports ?? [];
  return {
    ...extra,
    [HASH]: containerHash(container),
    [RESTART_COUNT]: String(restartCount),
    [TERMINATION_MESSAGE_PATH]: container.terminationMessagePath ?? "",
    [TERMINATION_MESSAGE_POLICY]: container.terminationMessagePolicy ?? "",
    ...(deletionGrace != null && { [DELETION_GRACE_PERIOD]: String(deletionGrace) }),
    ...(terminationGrace != null && { [TERMINATION_GRACE_PERIOD]: String(terminationGrace) }),
    ...(preStop != null && { [PRE_STOP_HANDLER]: goJson(handlerFields(preStop)) }),
    ...(ports.length > 0 && { [PORTS]: goJson(ports.map(portFields)) }),
  };
}

/** Fields in the order of the Go struct, so that the text is the kubelet's, byte for byte. */
function handlerFields({ exec, httpGet, tcpSocket, sleep }: LifecycleHandler): unknown {
  return {
    exec: exec && { command: filled(exec.command) },
    httpGet: httpGet && {
      path: httpGet.path || undefined,
      port: httpGet.port,
      host: httpGet.host || undefined,
      scheme: httpGet.scheme || undefined,
      httpHeaders: filled(httpGet.httpHeaders)?.map(({ name, value }) => ({ name, value })),
    },
    tcpSocket: tcpSocket && { port: tcpSocket.port, host: tcpSocket.host || undefined },
    sleep: sleep && { seconds: sleep.seconds },
  };
}

function portFields({ name, hostPort, containerPort, protocol, hostIP }: ContainerPort): unknown {
  return {
    name: name || undefined,
    hostPort: hostPort || undefined,
    containerPort,
    protocol: protocol || undefined,
    hostIP: hostIP || undefined,
  };
}

function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list != null && list.length > 0 ? list : undefined;
}

/** The container of a pod that a runtime's labels and annotations describe, after a restart of the agent for example. */
export function containerInfoFromLabels(labels: StringMap, annotations: StringMap): ContainerInfo {
  const deletionGrace = integer(annotations[DELETION_GRACE_PERIOD]);
  const terminationGrace = integer(annotations[TERMINATION_GRACE_PERIOD]);
  const preStop = parsed(annotations[PRE_STOP_HANDLER]);
  const ports = parsed(annotations[PORTS]);
  return {
    podName: labels[POD_NAME_LABEL] ?? "",
    podNamespace: labels[POD_NAMESPACE_LABEL] ?? "",
    podUid: labels[POD_UID_LABEL] ?? "",
    containerName: labels[CONTAINER_NAME_LABEL] ?? "",
    hash: annotations[HASH] ?? "",
    restartCount: integer(annotations[RESTART_COUNT]) ?? 0,
    terminationMessagePath: annotations[TERMINATION_MESSAGE_PATH] ?? "",
    terminationMessagePolicy: annotations[TERMINATION_MESSAGE_POLICY] ?? "",
    ...(deletionGrace !== undefined && { podDeletionGraceSeconds: deletionGrace }),
    ...(terminationGrace !== undefined && { podTerminationGraceSeconds: terminationGrace }),
    ...(isObject(preStop) && { preStop: preStop as LifecycleHandler }),
    ...(Array.isArray(ports) && { ports: ports as readonly ContainerPort[] }),
  };
}

/** A sandbox or container with these labels is a kubelet's. */
export function isManagedByKubelet(labels: StringMap): boolean {
  return [...POD_LABELS].every((name) => labels[name] !== undefined);
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
