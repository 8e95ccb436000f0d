/** `describe pod`, in the form of kubectl. Source: kubectl pkg/describe describe.go describePod. */
import type { PullUnderWay } from "../../agent/images/pull-watch.ts";
import type { ContainerStatus, Pod } from "../../core/api/types.ts";
import type { ManifestProblem } from "../../core/pods/desired-state.ts";
import { humanDuration } from "../../core/show/human-duration.ts";
import type { ApiEvent } from "./api-event.ts";
import { describeContainer } from "./describe-container.ts";
import { longTime } from "./describe-time.ts";
import { describeVolume } from "./describe-volume.ts";
import { problemLine } from "./manifest-problems.ts";
import { blockTable, type OutlineItem, outlineText } from "./outline.ts";
import { ageText } from "./tables.ts";

const NONE = "<none>";

export interface DescribePodInput {
  readonly pod: Pod;
  readonly events: readonly ApiEvent[];
  /** Of this pod. */
  readonly pulls?: readonly PullUnderWay[];
  readonly problems: readonly ManifestProblem[];
  readonly nowMs: number;
  readonly cwd: string;
}

export function describePod({ pod, events, pulls = [], problems, nowMs, cwd }: DescribePodInput): string {
  const { metadata = {}, spec, status } = pod;
  const { initContainers = [], containers = [], ephemeralContainers = [], volumes = [] } = spec ?? {};
  const node = [spec?.nodeName, status?.hostIP].filter((part) => part).join("/");
  return outlineText([
    { key: "Name", value: metadata.name ?? "" },
    { key: "Namespace", value: metadata.namespace ?? "" },
    { key: "Priority", value: String(spec?.priority ?? 0) },
    { key: "Service Account", value: spec?.serviceAccountName || "default" },
    { key: "Node", value: node || NONE },
    { key: "Start Time", value: longTime(status?.startTime) },
    { key: "Labels", value: mapValue(metadata.labels, "=") },
    { key: "Annotations", value: mapValue(metadata.annotations, ": ") },
    ...statusItems(pod, nowMs),
    { key: "IP", value: status?.podIP ?? "" },
    ...ipItems(pod),
    ...containerItems("Init Containers", initContainers, status?.initContainerStatuses, pulls),
    ...containerItems("Containers", containers, status?.containerStatuses, pulls),
    ...containerItems("Ephemeral Containers", ephemeralContainers, status?.ephemeralContainerStatuses, pulls),
    { key: "Conditions", block: conditionLines(pod) },
    volumes.length === 0 ? { key: "Volumes", value: NONE } : { key: "Volumes", children: volumes.map(describeVolume) },
    { key: "QoS Class", value: status?.qosClass ?? "" },
    { key: "Node-Selectors", value: mapValue(spec?.nodeSelector, "=") },
    { key: "Tolerations", value: tolerations(pod) },
    ...(problems.length === 0
      ? []
      : [{ key: "Manifest Problems", block: problems.map((problem) => problemLine(problem, cwd)) }]),
    eventsItem(events, nowMs),
  ]);
}

function statusItems({ metadata, status }: Pod, nowMs: number): readonly OutlineItem[] {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  const lasts = deletionTimestamp === undefined ? "" : ` (lasts ${ageText(deletionTimestamp, nowMs)})`;
  return [
    { key: "Status", value: deletionTimestamp === undefined ? (status?.phase ?? "") : `Terminating${lasts}` },
    ...(deletionGracePeriodSeconds === undefined
      ? []
      : [{ key: "Termination Grace Period", value: `${deletionGracePeriodSeconds}s` }]),
    ...(status?.reason ? [{ key: "Reason", value: status.reason }] : []),
    ...(status?.message ? [{ key: "Message", value: status.message.split("\n") }] : []),
  ];
}

function ipItems({ status }: Pod): readonly OutlineItem[] {
  const ips = status?.podIPs ?? [];
  if (ips.length === 0) return [{ key: "IPs", value: NONE }];
  return [{ key: "IPs", children: ips.map(({ ip = "" }) => ({ key: "IP", value: ip })) }];
}

function containerItems(
  key: string,
  containers: readonly Parameters<typeof describeContainer>[0][],
  statuses: readonly ContainerStatus[] | undefined,
  pulls: readonly PullUnderWay[],
): readonly OutlineItem[] {
  if (containers.length === 0) return [];
  const children = containers.map((container) => {
    return describeContainer(
      container,
      statuses?.find(({ name }) => name === container.name),
      pulls.find((pull) => pull.container === container.name)?.progress,
    );
  });
  return [{ key, children }];
}

function conditionLines({ status }: Pod): readonly string[] {
  const conditions = status?.conditions ?? [];
  const width = Math.max(4, ...conditions.map(({ type }) => type.length));
  const line = (type: string, text: string) => `${type.padEnd(width)}  ${text}`.trimEnd();
  return [
    line("Type", "Status"),
    ...conditions.map(({ type, status: value, reason, message }) => {
      const why = [reason, message].filter((part) => part).join(": ");
      return line(type, why === "" ? value : `${value.padEnd(6)}  ${why}`);
    }),
  ];
}

function tolerations({ spec }: Pod): string | readonly string[] {
  const texts = (spec?.tolerations ?? []).map(({ key = "", operator, value, effect, tolerationSeconds }) => {
    const what = `${key}${value ? `=${value}` : ""}${effect ? `:${effect}` : ""}`;
    const exists = operator === "Exists" ? " op=Exists" : "";
    return `${what}${exists}${tolerationSeconds == null ? "" : ` for ${tolerationSeconds}s`}`.trim();
  });
  return texts.length === 0 ? NONE : texts;
}

function mapValue(map: Readonly<Record<string, string>> | undefined, separator: string): string | readonly string[] {
  const entries = Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return NONE;
  return entries.map(([key, value]) => `${key}${separator}${value.split("\n").join(" ")}`);
}

/** Oldest first; an event that came again says how often and over what time. */
export function eventsItem(events: readonly ApiEvent[], nowMs: number): OutlineItem {
  if (events.length === 0) return { key: "Events", value: NONE };
  const rows = events.map(({ type, reason, count, firstTimestamp, lastTimestamp, source, message }) => {
    const first = Date.parse(firstTimestamp);
    const last = ageText(lastTimestamp, nowMs);
    const age = count > 1 ? `${last} (x${count} over ${humanDuration(nowMs - first)})` : last;
    return [type, reason, age, source?.component ?? "", message.trim().split("\n").join(" ")];
  });
  return { key: "Events", block: blockTable(["Type", "Reason", "Age", "From", "Message"], rows) };
}
