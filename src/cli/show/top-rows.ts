/** Tables of what node, pods and containers use, the columns of `kubectl top` first. */
import type { ContainerStats, CpuStats, MemoryStats, PodStats, Summary } from "../../core/stats/summary.ts";
import type { Row } from "./table.ts";

export interface TopPodsOptions {
  readonly withNamespace: boolean;
  /** A row for each container. */
  readonly containers: boolean;
}

const MiB = 1024 ** 2;
/** Not observed, or not known yet: a rate needs two looks. */
const UNKNOWN = "<unknown>";

export function topNodeRows({ node }: Summary): readonly Row[] {
  const { memory, cpu, rlimit, fs } = node;
  const capacity = sum(memory?.workingSetBytes, memory?.availableBytes);
  const disk = fs?.capacityBytes === undefined ? undefined : fs.capacityBytes - (fs.availableBytes ?? 0);
  return [
    ["NAME", "CPU(cores)", "MEMORY(bytes)", "MEMORY%", "RSS", "AVAILABLE", "DISK%", "PROCESSES"],
    [
      node.nodeName ?? "",
      cores(cpu),
      bytes(memory?.workingSetBytes),
      percent(memory?.workingSetBytes, capacity),
      bytes(memory?.rssBytes),
      bytes(memory?.availableBytes),
      percent(disk, fs?.capacityBytes),
      rlimit?.curproc === undefined ? UNKNOWN : String(rlimit.curproc),
    ],
  ];
}

/** Those that use most memory first. */
export function topPodRows(pods: readonly PodStats[], { withNamespace, containers }: TopPodsOptions): readonly Row[] {
  const lead = (pod: PodStats, name: string) => (withNamespace ? [pod.podRef.namespace, name] : [name]);
  const head = [
    ...(withNamespace ? ["NAMESPACE"] : []),
    ...(containers ? ["POD", "NAME"] : ["NAME"]),
    ...["CPU(cores)", "MEMORY(bytes)", "RSS", "CACHE", "LIMIT%", "DISK"],
  ];
  const sorted = pods.toSorted((a, b) => used(b) - used(a) || (a.podRef.name < b.podRef.name ? -1 : 1));
  const rows = sorted.flatMap((pod): readonly Row[] => {
    if (!containers)
      return [[...lead(pod, pod.podRef.name), ...usage(pod), bytes(pod["ephemeral-storage"]?.usedBytes)]];
    return (pod.containers ?? []).map((each) => [
      ...lead(pod, pod.podRef.name),
      each.name,
      ...usage(each),
      bytes(sum(each.rootfs?.usedBytes, each.logs?.usedBytes)),
    ]);
  });
  return [head, ...rows];
}

function usage({ cpu, memory }: Pick<ContainerStats, "cpu" | "memory">): readonly string[] {
  return [
    cores(cpu),
    bytes(memory?.workingSetBytes),
    bytes(memory?.rssBytes),
    bytes(cacheOf(memory)),
    percent(memory?.workingSetBytes, sum(memory?.workingSetBytes, memory?.availableBytes)),
  ];
}

/** Page cache and what else is no anonymous memory. */
function cacheOf(memory: MemoryStats | undefined): number | undefined {
  const { usageBytes, rssBytes } = memory ?? {};
  return usageBytes === undefined || rssBytes === undefined ? undefined : Math.max(0, usageBytes - rssBytes);
}

function used({ memory }: PodStats): number {
  return memory?.workingSetBytes ?? 0;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function cores(cpu: CpuStats | undefined): string {
  return cpu?.usageNanoCores === undefined ? UNKNOWN : `${Math.ceil(cpu.usageNanoCores / 1e6)}m`;
}

function bytes(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${Math.round(value / MiB)}Mi`;
}

/** "-": there is no limit to compare with. */
function percent(part: number | undefined, whole: number | undefined): string {
  return part === undefined || !whole ? "-" : `${Math.round((100 * part) / whole)}%`;
}
