/** The figures of the simulated machine: what its cgroups and disks hold, as a scenario has set it. */
import type { CgroupName } from "../../core/cgroup/types.ts";
import type { CgroupObservation, MemoryObservation } from "../../core/stats/observations.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import type { CgroupPart, CgroupRequest, Stats } from "../../ports/stats.ts";
import { type SimFilesystems, spaceOf } from "../disk/disk-space.ts";
import type { VirtualDisk } from "../disk/virtual-disk.ts";
import type { Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import { cgroupNameOf, type SimCgroups } from "./sim-cgroups.ts";

export interface SimStatsParts {
  readonly time: VirtualTime;
  readonly cgroups: SimCgroups;
  readonly disk: VirtualDisk;
  readonly filesystems: SimFilesystems;
  readonly machine: MachineInfo;
}

/** What the machine uses beside its cgroups; set by a scenario. */
export interface SimLoad {
  /** Memory of the kernel and of processes that are in no cgroup. */
  memoryBytes: number;
  tasks: number;
}

/** A reading that fails is a figure that is missing. */
export function simStats(parts: SimStatsParts, load: SimLoad, line: Line, isMissing: () => boolean): Stats {
  const { time, cgroups, disk, filesystems, machine } = parts;
  const now = () => ({ atMs: time.wallMs, monotonicMs: time.readMonotonicMs() });
  const call = <T>(name: string, work: () => T) => line.call("stats", name, () => (isMissing() ? undefined : work()));
  const atOnce = <T>(work: () => T): T | undefined => (line.isCut || isMissing() ? undefined : work());

  function observe({ path, parts: wanted }: CgroupRequest): CgroupObservation | undefined {
    const name = cgroupNameOf(path);
    const cgroup = cgroups.find(name);
    const usage = cgroups.usage(name);
    if (cgroup === undefined || usage === undefined) return undefined;
    const asks = (part: CgroupPart) => wanted.includes(part);
    return {
      ...now(),
      ...(asks("cpu") && { cpu: { usageCoreNanoSeconds: usage.cpuNanoSeconds } }),
      ...(asks("memory") && { memory: memoryOf(name) }),
      ...(asks("pids") && { pids: { current: cgroups.countProcesses(name) } }),
      ...(asks("processes") && { processes: cgroups.processIds(name, "own") }),
    };
  }

  function memoryOf(name: CgroupName): MemoryObservation {
    const usage = cgroups.usage(name);
    const { anonBytes = 0, activeFileBytes = 0, inactiveFileBytes = 0 } = usage ?? {};
    const own = name.length === 0 ? load.memoryBytes : 0;
    const workingSetBytes = own + anonBytes + activeFileBytes;
    const limit = cgroups.find(name)?.resources.memoryLimitBytes ?? -1;
    return {
      usageBytes: workingSetBytes + inactiveFileBytes,
      workingSetBytes,
      rssBytes: anonBytes,
      cacheBytes: activeFileBytes + inactiveFileBytes,
      inactiveFileBytes,
      activeFileBytes,
      swapBytes: 0,
      ...(limit >= 0 && { limitBytes: limit }),
    };
  }

  return {
    cgroup: (request) => atOnce(() => observe(request)),
    cgroups: (requests) =>
      line.call("stats", "cgroups", () => requests.map((request) => (isMissing() ? undefined : observe(request)))),
    cgroupChildren: (path) => atOnce(() => [...(cgroups.find(cgroupNameOf(path))?.children.keys() ?? [])]) ?? [],

    machine(detail) {
      const { workingSetBytes = 0, inactiveFileBytes = 0 } = memoryOf([]);
      const totalBytes = machine.memoryBytes;
      const freeBytes = Math.max(0, totalBytes - workingSetBytes - inactiveFileBytes);
      const availableBytes = Math.max(0, totalBytes - workingSetBytes);
      const memory = { totalBytes, freeBytes, availableBytes, swapTotalBytes: 0, swapFreeBytes: 0 };
      if (detail === "memory") return { ...now(), memory };
      return {
        ...now(),
        memory,
        tasks: load.tasks + cgroups.countProcesses([]),
        maxTasks: machine.maxPids,
      };
    },

    filesystem: (directory) =>
      call("filesystem", () => {
        const filesystem = filesystems.of(directory);
        if (filesystem === undefined) return undefined;
        const { device, capacityBytes, inodes } = filesystem;
        const { usedBytes, inodesUsed } = filesystems.space(filesystem);
        const availableBytes = Math.max(0, capacityBytes - usedBytes);
        return { ...now(), device, capacityBytes, availableBytes, usedBytes, inodes, inodesFree: inodes - inodesUsed };
      }),

    diskUsage: (path, { filesOnly = false } = {}) =>
      call("diskUsage", () => {
        const node = disk.find(path);
        return node && { ...now(), ...spaceOf(node, filesOnly) };
      }),

    network: (pid) =>
      atOnce(() => {
        if (pid !== 1 && !cgroups.isRunning(pid)) return undefined;
        return [{ name: "eth0", rxBytes: 0, rxErrors: 0, txBytes: 0, txErrors: 0 }];
      }),
  };
}
