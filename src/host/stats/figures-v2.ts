import type { MemoryObservation, PidsObservation, PressureObservation } from "../../core/stats/observations.ts";
import type { CgroupLayout } from "../cgroupfs/cgroup-layout.ts";
import {
  type CgroupFigures,
  type CgroupFiguresReader,
  limitOf,
  type MachineMemory,
  present,
  workingSetBytes,
} from "./cgroup-figures.ts";
import type { FileReader } from "./file-reader.ts";
import { parseIoStat } from "./io-text.ts";
import { numberOf, numbersByName, processIds } from "./kernel-text.ts";
import { listDirectories } from "./list-directories.ts";
import { parsePressure } from "./pressure-text.ts";

const wantedMemory: ReadonlySet<string> = new Set([
  "anon",
  "file",
  "inactive_file",
  "active_file",
  "inactive_anon",
  "active_anon",
  "pgfault",
  "pgmajfault",
]);
const wantedCpu: ReadonlySet<string> = new Set(["usage_usec"]);

/** cgroup v2: one tree; the root has no memory.current, and what is used there comes from /proc/meminfo. */
export function createFiguresV2(
  layout: Extract<CgroupLayout, { version: 2 }>,
  reader: FileReader,
): CgroupFiguresReader {
  const directory = (path: string) => (path === "/" ? layout.mountPoint : layout.mountPoint + path);
  const read = (path: string, file: string) => reader.read(`${directory(path)}/${file}`);
  const number = (path: string, file: string) => numberOf(read(path, file));
  const pressure = (path: string, file: string) => {
    const text = read(path, file);
    return text === undefined ? undefined : parsePressure(text);
  };

  function memoryOf(path: string, withSwap: boolean, machine: () => MachineMemory): MemoryObservation | undefined {
    const root = path === "/" ? rootUsage(machine()) : undefined;
    const usageBytes = root === undefined ? number(path, "memory.current") : root.usageBytes;
    if (usageBytes === undefined) return undefined;
    const stat = numbersByName(read(path, "memory.stat") ?? "", wantedMemory);
    return present<MemoryObservation>({
      usageBytes,
      workingSetBytes: workingSetBytes(usageBytes, stat.get("inactive_file")),
      rssBytes: stat.get("anon"),
      cacheBytes: stat.get("file"),
      inactiveFileBytes: stat.get("inactive_file"),
      activeFileBytes: stat.get("active_file"),
      inactiveAnonBytes: stat.get("inactive_anon"),
      activeAnonBytes: stat.get("active_anon"),
      pageFaults: stat.get("pgfault"),
      majorPageFaults: stat.get("pgmajfault"),
      swapBytes: root === undefined ? number(path, "memory.swap.current") : root.swapBytes,
      limitBytes: root === undefined ? limitOf(number(path, "memory.max")) : undefined,
      swapLimitBytes: withSwap && root === undefined ? limitOf(number(path, "memory.swap.max")) : undefined,
    });
  }

  return {
    figures(path, parts, machine) {
      const asks = new Set(parts);
      const cpu = asks.has("cpu")
        ? numbersByName(read(path, "cpu.stat") ?? "", wantedCpu).get("usage_usec")
        : undefined;
      const ids = asks.has("processes") ? read(path, "cgroup.procs") : undefined;
      const io = asks.has("io") ? read(path, "io.stat") : undefined;
      return present<CgroupFigures>({
        cpu: cpu === undefined ? undefined : { usageCoreNanoSeconds: cpu * 1000 },
        memory: asks.has("memory") ? memoryOf(path, asks.has("swap"), machine) : undefined,
        pids: asks.has("pids")
          ? present<PidsObservation>({ current: number(path, "pids.current"), max: number(path, "pids.max") })
          : undefined,
        processes: ids === undefined ? undefined : processIds(ids),
        io: io === undefined ? undefined : parseIoStat(io),
        pressure: asks.has("pressure")
          ? present<PressureObservation>({
              cpu: pressure(path, "cpu.pressure"),
              memory: pressure(path, "memory.pressure"),
              io: pressure(path, "io.pressure"),
            })
          : undefined,
      });
    },

    children: (path) => listDirectories(directory(path)),
  };
}

/**
 * All that is not free: with the kernel's own memory, which page cache and anonymous memory alone would leave out.
 * Source: runc 1.1 libcontainer/cgroups/fs2/memory.go statsFromMeminfo, as in the kubelet of 1.26.
 */
function rootUsage({ totalBytes, freeBytes, swapTotalBytes, swapFreeBytes }: MachineMemory) {
  const minus = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : Math.max(0, a - b);
  return { usageBytes: minus(totalBytes, freeBytes), swapBytes: minus(swapTotalBytes, swapFreeBytes) };
}
