import type { MemoryObservation } from "../../core/stats/observations.ts";
import type { CgroupLayout } from "../cgroupfs/cgroup-layout.ts";
import { type CgroupFigures, type CgroupFiguresReader, limitOf, present, workingSetBytes } from "./cgroup-figures.ts";
import type { FileReader } from "./file-reader.ts";
import { parseBlkio } from "./io-text.ts";
import { numberOf, numbersByName, processIds } from "./kernel-text.ts";
import { listDirectories } from "./list-directories.ts";

const wanted: ReadonlySet<string> = new Set([
  "total_rss",
  "total_cache",
  "total_inactive_file",
  "total_active_file",
  "total_inactive_anon",
  "total_active_anon",
  "total_pgfault",
  "total_pgmajfault",
  "total_swap",
]);

/**
 * cgroup v1: each controller has a tree of its own. Figures are those of the whole subtree ("total_..."). Pressure is not
 * kept per cgroup. Differs from cAdvisor, which counts page faults of the cgroup without those below.
 */
export function createFiguresV1(
  layout: Extract<CgroupLayout, { version: 1 }>,
  reader: FileReader,
): CgroupFiguresReader {
  const mount = (...controllers: readonly string[]) =>
    controllers.map((name) => layout.controllers.get(name)).find((found) => found !== undefined);
  const memory = mount("memory");
  const cpuacct = mount("cpuacct");
  const pids = mount("pids");
  const blkio = mount("blkio");
  const processes = mount("cpu", "pids", "memory");
  const read = (root: string | undefined, path: string, file: string) =>
    root === undefined ? undefined : reader.read(`${root}${path === "/" ? "" : path}/${file}`);
  const number = (root: string | undefined, path: string, file: string) => numberOf(read(root, path, file));

  function memoryOf(path: string, withSwap: boolean): MemoryObservation | undefined {
    const usageBytes = number(memory, path, "memory.usage_in_bytes");
    if (usageBytes === undefined) return undefined;
    const stat = numbersByName(read(memory, path, "memory.stat") ?? "", wanted);
    const limitBytes = limitOf(number(memory, path, "memory.limit_in_bytes"));
    // The limit of swap is one of memory and swap together.
    const together = withSwap ? limitOf(number(memory, path, "memory.memsw.limit_in_bytes")) : undefined;
    const swapLimit = together === undefined || limitBytes === undefined ? undefined : together - limitBytes;
    return present<MemoryObservation>({
      usageBytes,
      workingSetBytes: workingSetBytes(usageBytes, stat.get("total_inactive_file")),
      rssBytes: stat.get("total_rss"),
      cacheBytes: stat.get("total_cache"),
      inactiveFileBytes: stat.get("total_inactive_file"),
      activeFileBytes: stat.get("total_active_file"),
      inactiveAnonBytes: stat.get("total_inactive_anon"),
      activeAnonBytes: stat.get("total_active_anon"),
      pageFaults: stat.get("total_pgfault"),
      majorPageFaults: stat.get("total_pgmajfault"),
      swapBytes: stat.get("total_swap"),
      limitBytes,
      swapLimitBytes: swapLimit === undefined ? undefined : Math.max(0, swapLimit),
    });
  }

  return {
    figures(path, parts) {
      const asks = new Set(parts);
      const usage = asks.has("cpu") ? number(cpuacct, path, "cpuacct.usage") : undefined;
      const ids = asks.has("processes") ? read(processes, path, "cgroup.procs") : undefined;
      const bytes = asks.has("io") ? read(blkio, path, "blkio.throttle.io_service_bytes_recursive") : undefined;
      const operations = asks.has("io") ? read(blkio, path, "blkio.throttle.io_serviced_recursive") : undefined;
      return present<CgroupFigures>({
        cpu: usage === undefined ? undefined : { usageCoreNanoSeconds: usage },
        memory: asks.has("memory") ? memoryOf(path, asks.has("swap")) : undefined,
        pids: asks.has("pids")
          ? present({ current: number(pids, path, "pids.current"), max: number(pids, path, "pids.max") })
          : undefined,
        processes: ids === undefined ? undefined : processIds(ids),
        io: bytes === undefined || operations === undefined ? undefined : parseBlkio(bytes, operations),
        pressure: undefined,
      });
    },

    children: (path) => listDirectories(`${memory ?? processes}${path === "/" ? "" : path}`),
  };
}
