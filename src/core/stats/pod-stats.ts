/** The Summary's entry of one pod. Source: kubelet stats/cri_stats_provider.go, helper.go makePodStorageStats. */
import { formatTime } from "../api/time.ts";
import { type CgroupStats, cgroupStats, cpuAndMemory, type SampledCgroup } from "./cgroup-stats.ts";
import { sumOfUsages, usageOn } from "./filesystem-stats.ts";
import { networkStats } from "./network-stats.ts";
import type { DiskUsage, FilesystemObservation } from "./observations.ts";
import type {
  ContainerStats,
  CpuStats,
  InterfaceStats,
  MemoryStats,
  PodReference,
  PodStats,
  SwapStats,
  VolumeStats,
} from "./summary.ts";

/** What was observed of a pod. */
export interface PodFigures {
  readonly podRef: PodReference;
  /** Of the sandbox. */
  readonly createdAtMs: number;
  /** Absent: pods have no cgroups of their own, and the pod is the sum of its containers; or it could not be read. */
  readonly cgroup?: SampledCgroup;
  /** Those that run. */
  readonly containers: readonly ContainerFigures[];
  readonly network?: { readonly atMs: number; readonly interfaces: readonly InterfaceStats[] };
  readonly volumes: readonly VolumeFigures[];
  /** Log files of the pod itself, and its hosts file. */
  readonly ownFiles?: DiskUsage;
}

export interface ContainerFigures {
  readonly name: string;
  readonly createdAtMs: number;
  readonly cgroup?: SampledCgroup;
  readonly writableLayer?: DiskUsage;
  readonly logs?: DiskUsage;
}

export interface VolumeFigures {
  readonly name: string;
  readonly isLocalEphemeral: boolean;
  readonly usage?: DiskUsage;
  readonly filesystem?: FilesystemObservation;
  /** The claim that it is behind. */
  readonly claim?: { readonly name: string; readonly namespace: string };
  /** What its driver says of its health. */
  readonly isAbnormal?: boolean;
}

/** Where containers' layers and pods' files lie. */
export interface NodeFilesystems {
  readonly nodeFs?: FilesystemObservation;
  readonly containerFs?: FilesystemObservation;
}

export function podStats(pod: PodFigures, filesystems: NodeFilesystems): PodStats {
  const containers = pod.containers.map((container) => containerStats(container, filesystems));
  const volume = pod.volumes.flatMap(({ name, usage, filesystem, claim, isAbnormal }): VolumeStats[] => {
    const stats = usageOn(filesystem, usage);
    if (stats === undefined) return [];
    const health = isAbnormal === undefined ? {} : { volumeHealthStats: { abnormal: isAbnormal } };
    return [{ name, ...stats, ...(claim && { pvcRef: claim }), ...health }];
  });
  const network = pod.network && networkStats(pod.network.interfaces, pod.network.atMs);
  const ephemeralStorage = usageOn(filesystems.nodeFs, ephemeralUsage(pod));
  const processes = pod.containers.flatMap(({ cgroup }) => cgroup?.processes ?? []);
  const areProcessesKnown = pod.containers.some(({ cgroup }) => cgroup?.processes !== undefined);
  return {
    podRef: pod.podRef,
    startTime: formatTime(pod.createdAtMs),
    containers,
    ...wholePod(pod, containers),
    ...(network !== undefined && { network }),
    ...(volume.length > 0 && { volume }),
    ...(ephemeralStorage !== undefined && { "ephemeral-storage": ephemeralStorage }),
    ...(areProcessesKnown && { process_stats: { process_count: processes.length } }),
  };
}

/** Of `summary?only_cpu_and_memory`. */
export function podCpuAndMemory(pod: PodFigures): PodStats {
  const containers = pod.containers.map(({ name, createdAtMs, cgroup }) => ({
    name,
    startTime: formatTime(createdAtMs),
    ...cpuAndMemory(cgroupStats(cgroup)),
  }));
  return {
    podRef: pod.podRef,
    startTime: formatTime(pod.createdAtMs),
    containers,
    ...cpuAndMemory(wholePod(pod, containers)),
  };
}

function containerStats(container: ContainerFigures, { nodeFs, containerFs }: NodeFilesystems): ContainerStats {
  const { name, createdAtMs, cgroup, writableLayer, logs } = container;
  const rootfs = usageOn(containerFs, writableLayer);
  const logStats = usageOn(nodeFs, logs);
  return {
    name,
    startTime: formatTime(createdAtMs),
    ...cgroupStats(cgroup),
    ...(rootfs !== undefined && { rootfs }),
    ...(logStats !== undefined && { logs: logStats }),
  };
}

/** Layers, logs, local volumes and what else of the pod lies on the node's disk. Source: calcEphemeralStorage. */
function ephemeralUsage({ containers, volumes, ownFiles }: PodFigures): DiskUsage | undefined {
  return sumOfUsages([
    ...containers.flatMap(({ writableLayer, logs }) => [writableLayer, logs]),
    ...volumes.filter(({ isLocalEphemeral }) => isLocalEphemeral).map(({ usage }) => usage),
    ownFiles,
  ]);
}

/** The pod's cgroup, else the sum of its containers. Source: addPodCPUMemoryStats, addSwapStats. */
function wholePod(pod: PodFigures, containers: readonly ContainerStats[]): CgroupStats {
  if (pod.cgroup !== undefined) return cgroupStats(pod.cgroup);
  const cpu = sumOf<CpuStats>(containers.map((container) => container.cpu));
  const memory = sumOf<MemoryStats>(containers.map((container) => container.memory));
  const swap = sumOf<SwapStats>(containers.map((container) => container.swap));
  return {
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(swap !== undefined && { swap }),
  };
}

/**
 * Field by field, with the time of the last; a figure that one of them lacks is no sum. Differs: the kubelet takes it for
 * zero. Pressure cannot be added.
 */
function sumOf<T extends { readonly time?: string }>(all: readonly (T | undefined)[]): T | undefined {
  const last = all.at(-1);
  if (last === undefined || all.some((one) => one === undefined)) return undefined;
  const fields = Object.entries(last).filter(([, value]) => typeof value === "number");
  const sums = fields.flatMap(([field]) => {
    const values = all.map((one) => (one as Readonly<Record<string, unknown>>)[field]);
    return values.every((value) => typeof value === "number")
      ? [[field, values.reduce((total, value) => total + value, 0)] as const]
      : [];
  });
  return { time: last.time, ...Object.fromEntries(sums) } as unknown as T;
}
