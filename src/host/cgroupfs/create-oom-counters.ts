/** Counters of out-of-memory kills, read from the cgroups of a pod's containers. */
import { readdir, readFile } from "node:fs/promises";
import { type CgroupDriver, type CgroupName, cgroupNaming, parseCgroupName } from "../../core/cgroup/index.ts";
import { cgroupOwner } from "../../core/oom/oom-place.ts";
import type { OomCounters } from "../../ports/oom-counters.ts";
import { type CgroupLayout, observeCgroupLayout } from "./cgroup-layout.ts";

export interface OomCountersOptions {
  /** As for createCgroups: the configuration's cgroupRoot. */
  readonly root: string;
  readonly driver: CgroupDriver;
  readonly layout?: CgroupLayout;
}

export async function createOomCounters(options: OomCountersOptions): Promise<OomCounters> {
  const { root, driver } = options;
  const layout = options.layout ?? (await observeCgroupLayout());
  const naming = cgroupNaming(driver, parseCgroupName(driver, root));
  const mount =
    layout.version === 1 ? (layout.controllers.get("memory") ?? "/sys/fs/cgroup/memory") : layout.mountPoint;
  // On v2 the count of a cgroup is that of all below it, too.
  const file = layout.version === 1 ? "memory.oom_control" : "memory.events";
  return { read: (pod: CgroupName) => readCounters(mount, naming.path(pod), file) };
}

async function readCounters(mount: string, pod: string, file: string): Promise<ReadonlyMap<string, number>> {
  const entries = await readdir(mount + pod, { withFileTypes: true }).catch(() => []);
  const counters = new Map<string, number>();
  for (const name of entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)) {
    const path = `${pod}/${name}`;
    const { containerId } = cgroupOwner(path);
    const text = containerId && (await readFile(`${mount}${path}/${file}`, "utf8").catch(() => ""));
    const [, count] = (text && /^oom_kill (\d+)$/m.exec(text)) || [];
    if (containerId !== undefined && count !== undefined) counters.set(containerId, Number(count));
  }
  return counters;
}
