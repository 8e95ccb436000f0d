/** `describe node`: the node, its pods and its events. */
import type { Node, Pod } from "../../core/api/types.ts";
import { podSummary } from "../../core/show/pod-summary.ts";
import type { ApiEvent } from "./api-event.ts";
import { eventsItem } from "./describe-pod.ts";
import { blockTable, outlineText } from "./outline.ts";

export interface DescribeNodeInput {
  readonly node: Node;
  readonly pods: readonly Pod[];
  readonly events: readonly ApiEvent[];
  readonly nowMs: number;
}

export function describeNode({ node, pods, events, nowMs }: DescribeNodeInput): string {
  const { metadata, status } = node;
  const labels = Object.entries(metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const conditions = (status?.conditions ?? []).map(({ type, status: value, reason = "", message = "" }) => {
    return [type, value, reason, message];
  });
  const podLines = pods.map((pod) => [
    pod.metadata?.namespace ?? "",
    pod.metadata?.name ?? "",
    podSummary(pod).status,
    pod.status?.qosClass ?? "",
  ]);
  const info = status?.nodeInfo;
  return outlineText([
    { key: "Name", value: metadata?.name ?? "" },
    { key: "Labels", value: labels },
    { key: "Conditions", block: blockTable(["Type", "Status", "Reason", "Message"], conditions) },
    {
      key: "Addresses",
      children: (status?.addresses ?? []).map(({ type, address }) => ({ key: type, value: address })),
    },
    { key: "Capacity", children: Object.entries(status?.capacity ?? {}).map(([key, value]) => ({ key, value })) },
    {
      key: "System Info",
      children: [
        { key: "Machine ID", value: info?.machineID ?? "" },
        { key: "System UUID", value: info?.systemUUID ?? "" },
        { key: "Boot ID", value: info?.bootID ?? "" },
        { key: "Kernel Version", value: info?.kernelVersion ?? "" },
        { key: "OS Image", value: info?.osImage ?? "" },
        { key: "Operating System", value: info?.operatingSystem ?? "" },
        { key: "Architecture", value: info?.architecture ?? "" },
        { key: "Container Runtime Version", value: info?.containerRuntimeVersion || "<unknown>" },
        { key: "tskubelet Version", value: info?.kubeletVersion ?? "" },
      ],
    },
    pods.length === 0
      ? { key: "Pods", value: "<none>" }
      : { key: `Pods (${pods.length})`, block: blockTable(["Namespace", "Name", "Status", "QoS Class"], podLines) },
    eventsItem(events, nowMs),
  ]);
}
