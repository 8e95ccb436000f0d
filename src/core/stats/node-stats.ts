/** The Summary's entry of the node. Source: kubelet server/stats/summary.go, summary_sys_containers.go. */
import { formatTime } from "../api/time.ts";
import { type CgroupStats, cgroupStats, cpuAndMemory, type SampledCgroup } from "./cgroup-stats.ts";
import { filesystemWith, wholeFilesystem } from "./filesystem-stats.ts";
import { networkStats } from "./network-stats.ts";
import type { DiskUsage, FilesystemObservation, MachineObservation } from "./observations.ts";
import type { ContainerStats, InterfaceStats, NodeStats, PsiStats, RlimitStats, RuntimeStats } from "./summary.ts";

export interface NodeFigures {
  readonly nodeName: string;
  /** The root cgroup. */
  readonly cgroup?: SampledCgroup;
  readonly machine: MachineObservation;
  /** "kubelet", "runtime", "misc", "pods"; those that could not be read are left out. */
  readonly systemContainers: readonly SystemContainerFigures[];
  readonly interfaces?: readonly InterfaceStats[];
  readonly nodeFs?: FilesystemObservation;
  readonly imageFs?: FilesystemObservation;
  readonly containerFs?: FilesystemObservation;
  /** What images take of their filesystem, as the runtime says. */
  readonly images?: DiskUsage;
  /** The same of writable layers; absent: it does not say. */
  readonly layers?: DiskUsage;
}

export interface SystemContainerFigures {
  readonly name: "kubelet" | "runtime" | "misc" | "pods";
  readonly startedAtMs?: number;
  readonly cgroup: SampledCgroup | undefined;
}

export function nodeStats(node: NodeFigures): NodeStats {
  const { machine, nodeFs } = node;
  const network = networkStats(node.interfaces, machine.atMs);
  const rlimit = rlimitStats(machine);
  return {
    ...heading(node),
    systemContainers: systemContainers(node, cgroupStats),
    ...withMachinePressure(wholeNode(node), machine),
    ...(network !== undefined && { network }),
    ...(nodeFs !== undefined && { fs: wholeFilesystem(nodeFs) }),
    runtime: runtimeStats(node),
    ...(rlimit !== undefined && { rlimit }),
  };
}

/** Of `summary?only_cpu_and_memory`. */
export function nodeCpuAndMemory(node: NodeFigures): NodeStats {
  const brief = (cgroup: SampledCgroup | undefined) => cpuAndMemory(cgroupStats(cgroup));
  const whole = withMachinePressure(wholeNode(node), node.machine);
  return { ...heading(node), systemContainers: systemContainers(node, brief), ...cpuAndMemory(whole) };
}

function heading({ nodeName, machine }: NodeFigures): NodeStats {
  return { nodeName, ...(machine.bootedAtMs !== undefined && { startTime: formatTime(machine.bootedAtMs) }) };
}

/** The root's limit is the machine: memory and swap that it has. Source: cAdvisor raw/handler.go GetSpec. */
function wholeNode({ cgroup, machine }: NodeFigures): CgroupStats {
  const { totalBytes, swapTotalBytes } = machine.memory ?? {};
  const stats = cgroupStats(cgroup, totalBytes);
  if (stats.swap?.swapUsageBytes === undefined || swapTotalBytes === undefined) return stats;
  const swapAvailableBytes = Math.max(0, swapTotalBytes - stats.swap.swapUsageBytes);
  return { ...stats, swap: { ...stats.swap, swapAvailableBytes } };
}

/** The root cgroup has no pressure files where /proc/pressure tells of the machine. */
function withMachinePressure(stats: CgroupStats, { atMs, pressure }: MachineObservation): CgroupStats {
  const psi = <T extends { readonly psi?: PsiStats }>(part: T | undefined, own: PsiStats | undefined) =>
    part === undefined || own === undefined ? part : { ...part, psi: part.psi ?? own };
  const cpu = psi(stats.cpu, pressure?.cpu);
  const memory = psi(stats.memory, pressure?.memory);
  const io = psi(stats.io ?? (pressure?.io && { time: formatTime(atMs) }), pressure?.io);
  return {
    ...stats,
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(io !== undefined && { io }),
  };
}

function systemContainers(
  { systemContainers }: NodeFigures,
  toStats: (cgroup: SampledCgroup | undefined) => CgroupStats,
): readonly ContainerStats[] {
  return systemContainers.flatMap(({ name, startedAtMs, cgroup }): ContainerStats[] => {
    if (cgroup === undefined) return [];
    return [{ name, ...(startedAtMs !== undefined && { startTime: formatTime(startedAtMs) }), ...toStats(cgroup) }];
  });
}

function runtimeStats({ imageFs, containerFs, images, layers }: NodeFigures): RuntimeStats {
  const imageStats = imageFs && filesystemWith(imageFs, images);
  const isShared = containerFs?.device === imageFs?.device;
  const containerStats = isShared ? imageStats : containerFs && filesystemWith(containerFs, layers);
  return {
    ...(imageStats !== undefined && { imageFs: imageStats }),
    ...(containerStats !== undefined && { containerFs: containerStats }),
  };
}

function rlimitStats({ atMs, tasks, maxTasks }: MachineObservation): RlimitStats | undefined {
  if (tasks === undefined && maxTasks === undefined) return undefined;
  return {
    time: formatTime(atMs),
    ...(maxTasks !== undefined && { maxpid: maxTasks }),
    ...(tasks !== undefined && { curproc: tasks }),
  };
}
