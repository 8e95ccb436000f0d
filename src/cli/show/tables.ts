/** Rows of the tables that `get` prints, with kubectl's columns. */
import type { PullUnderWay } from "../../agent/images/pull-watch.ts";
import { parseTime } from "../../core/api/time.ts";
import type { ConfigMap, Node, ObjectMeta, Pod, Secret } from "../../core/api/types.ts";
import type { CriImage } from "../../core/cri/types.ts";
import { shortProgressText } from "../../core/images/pull-progress.ts";
import { humanDuration } from "../../core/show/human-duration.ts";
import { podSummary } from "../../core/show/pod-summary.ts";
import { sizeText } from "../../core/show/size-text.ts";
import type { ApiEvent } from "./api-event.ts";
import type { Row } from "./table.ts";

export interface TableOptions {
  readonly nowMs: number;
  readonly wide: boolean;
  readonly withNamespace: boolean;
  /** Shown in wide rows of pods. */
  readonly pulls?: readonly PullUnderWay[];
}

/** The first row is the heading. */
export type ToRows<T> = (objects: readonly T[], options: TableOptions) => readonly Row[];

const NONE = "<none>";
const UNKNOWN = "<unknown>";

export const podRows: ToRows<Pod> = (pods, options) => {
  const heading = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", ...(options.wide ? ["IP", "NODE", "IMAGES"] : [])];
  const rows = pods.map((pod) => {
    const { status, readyContainers, containers, restarts, lastRestartAtMs } = podSummary(pod);
    const pull = options.wide ? options.pulls?.find(({ podUid }) => podUid === pod.metadata?.uid) : undefined;
    const ago = lastRestartAtMs === undefined ? "" : ` (${humanDuration(options.nowMs - lastRestartAtMs)} ago)`;
    const row = [
      pod.metadata?.name ?? "",
      `${readyContainers}/${containers}`,
      pull === undefined ? status : `${status} (${shortProgressText(pull.progress)})`,
      `${restarts}${ago}`,
      ageText(pod.metadata?.creationTimestamp ?? pod.status?.startTime, options.nowMs),
    ];
    if (!options.wide) return row;
    const images = new Set(pod.spec?.containers?.map(({ image }) => image ?? ""));
    return [...row, pod.status?.podIP || NONE, pod.spec?.nodeName || NONE, [...images].join(",")];
  });
  return withNamespaces(heading, pods, rows, options);
};

export const configMapRows: ToRows<ConfigMap> = (objects, options) => {
  const rows = objects.map(({ metadata, data = {}, binaryData = {} }) => [
    metadata?.name ?? "",
    String(Object.keys(data).length + Object.keys(binaryData).length),
    ageText(metadata?.creationTimestamp, options.nowMs),
  ]);
  return withNamespaces(["NAME", "DATA", "AGE"], objects, rows, options);
};

export const secretRows: ToRows<Secret> = (objects, options) => {
  const rows = objects.map(({ metadata, type = "Opaque", data = {} }) => [
    metadata?.name ?? "",
    type,
    String(Object.keys(data).length),
    ageText(metadata?.creationTimestamp, options.nowMs),
  ]);
  return withNamespaces(["NAME", "TYPE", "DATA", "AGE"], objects, rows, options);
};

export const nodeRows: ToRows<Node> = (nodes, { nowMs, wide }) => {
  const more = ["INTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"];
  const heading = ["NAME", "STATUS", "ROLES", "AGE", "VERSION", ...(wide ? more : [])];
  const rows = nodes.map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    const info = status?.nodeInfo;
    const row = [
      metadata?.name ?? "",
      ready ? "Ready" : "NotReady",
      NONE,
      ageText(metadata?.creationTimestamp, nowMs),
      info?.kubeletVersion ?? "",
    ];
    if (!wide) return row;
    const ip = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
    return [
      ...row,
      ip ?? NONE,
      info?.osImage || UNKNOWN,
      info?.kernelVersion || UNKNOWN,
      info?.containerRuntimeVersion || UNKNOWN,
    ];
  });
  return [heading, ...rows];
};

export const eventRows: ToRows<ApiEvent> = (events, options) => {
  const { nowMs, wide } = options;
  const heading = wide
    ? ["LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"]
    : ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
  const rows = events.map((event) => {
    const { involvedObject, metadata, source, type, reason } = event;
    const object = `${(involvedObject.kind ?? "").toLowerCase()}/${involvedObject.name ?? ""}`;
    const start = [ageText(event.lastTimestamp, nowMs), type, reason, object];
    const message = event.message.trim();
    if (!wide) return [...start, message];
    const from = [source?.component, source?.host].filter(Boolean).join(", ");
    const first = ageText(event.firstTimestamp, nowMs);
    return [...start, involvedObject.fieldPath ?? "", from, message, first, String(event.count), metadata.name];
  });
  return withNamespaces(heading, events, rows, options);
};

export const imageRows: ToRows<CriImage> = (images) => {
  const rows = images.flatMap(({ id, repoTags, sizeBytes }) => {
    const names = repoTags.length === 0 ? [NONE] : repoTags;
    return names.map((name): Row => {
      const colon = name.lastIndexOf(":");
      const hasTag = colon > name.lastIndexOf("/");
      const [image, tag] = hasTag ? [name.slice(0, colon), name.slice(colon + 1)] : [name, NONE];
      return [image, tag, id.replace(/^sha256:/, "").slice(0, 13), sizeText(sizeBytes)];
    });
  });
  return [["IMAGE", "TAG", "IMAGE ID", "SIZE"], ...rows.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))];
};

export function ageText(time: string | undefined | null, nowMs: number): string {
  const ms = parseTime(time ?? undefined);
  return ms === undefined ? UNKNOWN : humanDuration(nowMs - ms);
}

export function withNamespaces(
  heading: Row,
  objects: readonly { readonly metadata?: ObjectMeta }[],
  rows: readonly Row[],
  { withNamespace }: TableOptions,
): readonly Row[] {
  if (!withNamespace) return [heading, ...rows];
  const namespaces = objects.map(({ metadata }) => metadata?.namespace ?? "");
  return [["NAMESPACE", ...heading], ...rows.map((row, index) => [namespaces[index] ?? "", ...row])];
}
