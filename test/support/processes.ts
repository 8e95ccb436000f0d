/** Processes of one test node, found by what is the node's alone: its directory and its cgroups. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Process IDs whose command line holds `text`. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/cmdline`).includes(text))
    .map(Number);
}

/** Processes in a node's cgroups; `id`: in those of that container alone. */
export function cgroupProcesses(cgroupRoot: string, id?: string): readonly number[] {
  const hierarchy = existsSync("/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
  const root = join(hierarchy, cgroupRoot);
  return cgroupsBelow(root)
    .filter((path) => id === undefined || path.endsWith(`/${id}`))
    .flatMap((path) => read(join(path, "cgroup.procs")).split("\n").filter(Boolean).map(Number));
}

/** Every cgroup at and below `path`, parents first. */
export function cgroupsBelow(path: string): readonly string[] {
  const children = list(path).flatMap((entry) => (entry.isDirectory() ? cgroupsBelow(join(path, entry.name)) : []));
  return [path, ...children];
}

/** Kills them; true: there were none. */
export function killProcesses(pids: readonly number[]): boolean {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  return pids.length === 0;
}

function list(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
