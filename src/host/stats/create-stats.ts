import type { ObservedAt } from "../../core/stats/observations.ts";
import type { Clock } from "../../ports/clock.ts";
import type { CgroupRequest, Stats } from "../../ports/stats.ts";
import { type CgroupLayout, observeCgroupLayout } from "../cgroupfs/cgroup-layout.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import type { CgroupFiguresReader } from "./cgroup-figures.ts";
import { DiskWalker } from "./disk-walker.ts";
import { createFiguresV1 } from "./figures-v1.ts";
import { createFiguresV2 } from "./figures-v2.ts";
import { FileReader } from "./file-reader.ts";
import { readFilesystem } from "./filesystem-figures.ts";
import { readBootTimeMs, readMachine, readMachineMemory } from "./machine-figures.ts";
import { parseNetDev } from "./network-text.ts";

export interface StatsOptions {
  readonly clock?: Clock;
  /** As `observeCgroupLayout` tells. */
  readonly layout?: CgroupLayout;
  /** Where /proc is. */
  readonly proc?: string;
}

/** Reads of a sweep take turns with the rest of the agent after so long. */
const SLICE_MS = 5;
const MOST_ENTRIES = 1_000_000;

/** The Stats of this machine. Rejects with HostError where no cgroup filesystem is mounted. */
export async function createStats(options: StatsOptions = {}): Promise<Stats> {
  const layout = options.layout ?? (await observeCgroupLayout());
  const clock = options.clock ?? createSystemClock();
  const proc = options.proc ?? "/proc";
  const reader = new FileReader();
  const figures: CgroupFiguresReader =
    layout.version === 1 ? createFiguresV1(layout, reader) : createFiguresV2(layout, reader);
  const bootedAtMs = readBootTimeMs(reader, proc);
  const walker = new DiskWalker();
  const now = (): ObservedAt => ({ atMs: clock.now(), monotonicMs: clock.monotonic() });
  const machineMemory = () => readMachineMemory(reader, proc);

  const cgroup: Stats["cgroup"] = ({ path, parts }) => {
    const read = figures.figures(path, parts, machineMemory);
    return read === undefined ? undefined : { ...now(), ...read };
  };

  return {
    cgroup,

    async cgroups(requests) {
      // Where there is no swap, its limits tell nothing.
      const withSwap = machineMemory().swapTotalBytes !== 0;
      const wanted = (request: CgroupRequest) =>
        withSwap ? request : { ...request, parts: request.parts.filter((part) => part !== "swap") };
      const found: ReturnType<Stats["cgroup"]>[] = [];
      let sliceStart = clock.monotonic();
      for (const request of requests) {
        found.push(cgroup(wanted(request)));
        if (clock.monotonic() - sliceStart < SLICE_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        sliceStart = clock.monotonic();
      }
      return found;
    },

    cgroupChildren: (path) => figures.children(path),

    machine(detail) {
      if (detail === "memory") return { ...now(), memory: machineMemory() };
      return { ...now(), ...readMachine(reader, proc), ...(bootedAtMs !== undefined && { bootedAtMs }) };
    },

    async filesystem(directory) {
      const read = await readFilesystem(directory);
      return read === undefined ? undefined : { ...now(), ...read };
    },

    async diskUsage(path, { filesOnly = false, maxEntries = MOST_ENTRIES, signal } = {}) {
      const begun = now();
      const walked = await walker.measure(path, { filesOnly, maxEntries }, signal);
      if (walked === undefined) return undefined;
      const { usedBytes, inodesUsed, isPartial } = walked;
      return { ...begun, usedBytes, inodesUsed, ...(isPartial && { isPartial }) };
    },

    network(pid) {
      const text = reader.read(`${proc}/${pid}/net/dev`);
      return text === undefined ? undefined : parseNetDev(text);
    },
  };
}
