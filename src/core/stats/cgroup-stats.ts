/** A cgroup's figures in the words of the Summary. Source: kubelet stats/helper.go. */
import { formatTime } from "../api/time.ts";
import type { CgroupObservation } from "./observations.ts";
import type { CpuStats, IoStats, MemoryStats, SwapStats } from "./summary.ts";

/** A look at a cgroup with the CPU rate that it gave together with the look before. */
export interface SampledCgroup extends CgroupObservation {
  readonly usageNanoCores?: number;
}

/** The four of a container or pod; what was not observed is absent. */
export interface CgroupStats {
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly swap?: SwapStats;
  readonly io?: IoStats;
}

/** `limitBytes` stands for the cgroup's own limit where it has none that counts: the machine's memory for the root. */
export function cgroupStats(cgroup: SampledCgroup | undefined, limitBytes?: number): CgroupStats {
  if (cgroup === undefined) return {};
  const cpu = cpuStats(cgroup);
  const memory = memoryStats(cgroup, limitBytes);
  const swap = swapStats(cgroup);
  const io = ioStats(cgroup);
  return {
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(swap !== undefined && { swap }),
    ...(io !== undefined && { io }),
  };
}

/** Of `summary?only_cpu_and_memory`: without swap and io. */
export function cpuAndMemory({ cpu, memory }: CgroupStats): CgroupStats {
  return { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
}

function cpuStats({ atMs, cpu, usageNanoCores, pressure }: SampledCgroup): CpuStats | undefined {
  if (cpu === undefined) return undefined;
  return {
    time: formatTime(atMs),
    ...(usageNanoCores !== undefined && { usageNanoCores }),
    usageCoreNanoSeconds: cpu.usageCoreNanoSeconds,
    ...(pressure?.cpu !== undefined && { psi: pressure.cpu }),
  };
}

/** Available is what the limit leaves over the working set; absent where there is no limit. */
function memoryStats({ atMs, memory, pressure }: SampledCgroup, limit: number | undefined): MemoryStats | undefined {
  if (memory === undefined) return undefined;
  const { usageBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults } = memory;
  const limitBytes = limit ?? memory.limitBytes;
  const isKnown = limitBytes !== undefined && workingSetBytes !== undefined;
  return {
    time: formatTime(atMs),
    // A limit that was lowered under the working set leaves nothing. Differs: the kubelet's number wraps around there.
    ...(isKnown && { availableBytes: Math.max(0, limitBytes - workingSetBytes) }),
    ...(usageBytes !== undefined && { usageBytes }),
    ...(workingSetBytes !== undefined && { workingSetBytes }),
    ...(rssBytes !== undefined && { rssBytes }),
    ...(pageFaults !== undefined && { pageFaults }),
    ...(majorPageFaults !== undefined && { majorPageFaults }),
    ...(pressure?.memory !== undefined && { psi: pressure.memory }),
  };
}

function swapStats({ atMs, memory }: SampledCgroup): SwapStats | undefined {
  if (memory?.swapBytes === undefined) return undefined;
  const { swapBytes, swapLimitBytes } = memory;
  return {
    time: formatTime(atMs),
    ...(swapLimitBytes !== undefined && { swapAvailableBytes: Math.max(0, swapLimitBytes - swapBytes) }),
    swapUsageBytes: swapBytes,
  };
}

function ioStats({ atMs, pressure }: SampledCgroup): IoStats | undefined {
  return pressure?.io === undefined ? undefined : { time: formatTime(atMs), psi: pressure.io };
}
