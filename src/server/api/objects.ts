/** The agent's objects as API objects and lists: what a server of Kubernetes says of them. */
import type { RecordedEvent } from "../../agent/events/event-recorder.ts";
import type { Readiness } from "../../agent/node/runtime-health.ts";
import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from "../../core/api/types.ts";
import { conditionText, type PressureCondition } from "../../core/eviction/index.ts";
import type { CsiNodeDriver, VolumesOfNode } from "../../core/volume/csi/node-drivers.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import type { RuntimeVersion } from "../../ports/runtime.ts";

/** v1.Event of what the agent recorded. */
export function eventObject(event: RecordedEvent, nodeName: string): object {
  const { name, namespace, annotations, ...rest } = event;
  const source = { component: "kubelet", host: nodeName };
  return {
    kind: "Event",
    apiVersion: "v1",
    metadata: { name, namespace, creationTimestamp: event.firstTimestamp, ...(annotations && { annotations }) },
    ...rest,
    source,
    reportingComponent: "kubelet",
    reportingInstance: nodeName,
  };
}

export function withKind<T extends Pod | ConfigMap | Secret | PersistentVolumeClaim | PersistentVolume>(
  kind: string,
  object: T,
): T {
  return { kind, apiVersion: "v1", ...object };
}

/** `items` carry no kind of their own, as in the API's lists. */
export function listObject(kind: string, items: readonly object[]): object {
  return { kind: `${kind}List`, apiVersion: "v1", metadata: {}, items: items.map(withoutKind) };
}

function withoutKind(object: object): object {
  const { kind, apiVersion, ...rest } = object as { readonly kind?: string; readonly apiVersion?: string };
  return rest;
}

/** storage/v1 CSINode. */
export function csiNodeObject(nodeName: string, drivers: readonly CsiNodeDriver[]): object {
  return { kind: "CSINode", apiVersion: "storage.k8s.io/v1", metadata: { name: nodeName }, spec: { drivers } };
}

export interface NodeFacts {
  readonly nodeName: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly machine: MachineInfo;
  readonly readiness: Readiness;
  readonly pressure: readonly PressureCondition[];
  readonly volumes: VolumesOfNode;
  readonly runtime: RuntimeVersion | undefined;
  readonly agentVersion: string;
}

/** In the order in which the kubelet sets them. */
const NODE_PRESSURE_CONDITIONS: readonly PressureCondition[] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

function pressureCondition(type: PressureCondition, isThere: boolean) {
  const status = isThere ? "True" : "False";
  const { reason, message } = conditionText(type, status);
  return { type, status, reason, message };
}

/** v1.Node of this machine as far as it is known; a node that stands alone has no other place where it is written. */
export function nodeObject({
  nodeName,
  createdAt,
  machine,
  readiness,
  pressure,
  volumes,
  runtime,
  agentVersion,
}: NodeFacts): Node {
  const capacity = { cpu: String(machine.cpuCores), memory: `${Math.floor(machine.memoryBytes / 1024)}Ki` };
  const { ready, reason, message } = readiness;
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name: nodeName,
      creationTimestamp: createdAt,
      labels: {
        "kubernetes.io/arch": machine.architecture,
        "kubernetes.io/hostname": machine.hostname,
        "kubernetes.io/os": "linux",
      },
    },
    spec: {},
    status: {
      addresses: [
        ...(machine.nodeIp === "" ? [] : [{ type: "InternalIP", address: machine.nodeIp }]),
        { type: "Hostname", address: machine.hostname },
      ],
      capacity,
      ...(volumes.volumesInUse.length > 0 && volumes),
      conditions: [
        ...NODE_PRESSURE_CONDITIONS.map((type) => pressureCondition(type, pressure.includes(type))),
        { type: "Ready", status: ready ? "True" : "False", reason, message },
      ],
      nodeInfo: {
        architecture: machine.architecture,
        bootID: machine.bootId,
        containerRuntimeVersion: runtime === undefined ? "" : `${runtime.runtimeName}://${runtime.runtimeVersion}`,
        kernelVersion: machine.kernelVersion,
        kubeProxyVersion: "",
        kubeletVersion: agentVersion,
        machineID: machine.machineId,
        operatingSystem: "linux",
        osImage: machine.osImage,
        systemUUID: machine.systemUuid,
      },
    },
  };
}
