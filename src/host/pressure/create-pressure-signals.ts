/** The PressureSignals of this machine. */
import { type CgroupDriver, type CgroupNaming, cgroupNaming, parseCgroupName } from "../../core/cgroup/index.ts";
import type { MemoryReading } from "../../core/pressure/memory-watch.ts";
import type { MemoryAlarm, MemoryScope, PressureSignals } from "../../ports/pressure-signals.ts";
import { type CgroupLayout, observeCgroupLayout } from "../cgroupfs/cgroup-layout.ts";
import { eventPoller } from "../ffi/event-poller.ts";
import { CounterFile } from "./counter-file.ts";
import { meminfoBytes, memoryReading, plainNumber, statValue } from "./memory-reading.ts";
import { openStallAlarm } from "./stall-alarm.ts";
import { openUsageAlarm } from "./usage-alarm.ts";

export interface PressureSignalsOptions {
  /** As for createCgroups: the configuration's cgroupRoot. */
  readonly root: string;
  readonly driver: CgroupDriver;
  readonly layout?: CgroupLayout;
}

const NUMBER_BYTES = 64;
const STAT_BYTES = 8_192;
const MEMINFO_BYTES = 4_096;

export async function createPressureSignals(options: PressureSignalsOptions): Promise<PressureSignals> {
  const { root, driver } = options;
  const layout = options.layout ?? (await observeCgroupLayout());
  const naming = cgroupNaming(driver, parseCgroupName(driver, root));
  return layout.version === 1
    ? signalsOfV1(layout.controllers.get("memory") ?? "/sys/fs/cgroup/memory", naming)
    : signalsOfV2(layout.mountPoint, naming);
}

function signalsOfV1(mount: string, naming: CgroupNaming): PressureSignals {
  const meminfo = new CounterFile("/proc/meminfo", MEMINFO_BYTES);
  const directoryOf = (scope: MemoryScope) => (scope.kind === "node" ? mount : mount + naming.path(scope.name));
  const read = readers((directory) => {
    const usage = new CounterFile(`${directory}/memory.usage_in_bytes`, NUMBER_BYTES);
    const stat = new CounterFile(`${directory}/memory.stat`, STAT_BYTES);
    return (scope) => {
      const inactive = statValue(stat.read(), "total_inactive_file");
      const available = scope.kind === "node" ? meminfoBytes(meminfo.read(), "MemAvailable") : undefined;
      return memoryReading(plainNumber(usage.read()), inactive, available);
    };
  });
  return {
    readMemory: (scope) => read(directoryOf(scope), scope),
    openMemoryAlarm: (scope) =>
      orNone(async () => {
        const poller = await eventPoller();
        return poller && openUsageAlarm(directoryOf(scope), poller);
      }),
  };
}

/** The root cgroup of v2 has no usage; what is not free is in use, as runc counts it for cAdvisor. */
function signalsOfV2(mount: string, naming: CgroupNaming): PressureSignals {
  const meminfo = new CounterFile("/proc/meminfo", MEMINFO_BYTES);
  const read = readers((directory) => {
    const usage = new CounterFile(`${directory}/memory.current`, NUMBER_BYTES);
    const stat = new CounterFile(`${directory}/memory.stat`, STAT_BYTES);
    return () => memoryReading(plainNumber(usage.read()), statValue(stat.read(), "inactive_file"));
  });
  const readNode = (): MemoryReading | undefined => {
    const text = meminfo.read();
    const [total, free] = [meminfoBytes(text, "MemTotal"), meminfoBytes(text, "MemFree")];
    const usage = total === undefined || free === undefined ? undefined : total - free;
    return memoryReading(usage, meminfoBytes(text, "Inactive(file)"), meminfoBytes(text, "MemAvailable"));
  };
  return {
    readMemory: (scope) => (scope.kind === "node" ? readNode() : read(mount + naming.path(scope.name), scope)),
    openMemoryAlarm: (scope) =>
      orNone(() => {
        if (scope.kind === "node") return openStallAlarm({ pressure: "/proc/pressure/memory" });
        const directory = mount + naming.path(scope.name);
        return openStallAlarm({ pressure: `${directory}/memory.pressure`, events: `${directory}/memory.events` });
      }),
  };
}

type Read = (scope: MemoryScope) => MemoryReading | undefined;

/** One reader for each cgroup, with its files kept open. */
function readers(
  open: (directory: string) => Read,
): (directory: string, scope: MemoryScope) => MemoryReading | undefined {
  const known = new Map<string, Read>();
  return (directory, scope) => {
    const reader = known.get(directory) ?? open(directory);
    known.set(directory, reader);
    return reader(scope);
  };
}

/** Without an alarm there are still the readings. */
async function orNone(open: () => Promise<MemoryAlarm | undefined>): Promise<MemoryAlarm | undefined> {
  try {
    return await open();
  } catch {
    return undefined;
  }
}
