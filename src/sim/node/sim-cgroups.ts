/** The cgroup tree of the simulated machine, and the port that the agent sees it through. */
import type { CgroupName, CgroupResources } from "../../core/cgroup/types.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import { HostError } from "../../ports/errors.ts";
import type { Line } from "../line.ts";

/** What the processes of one cgroup use, without those below. */
export interface CgroupUsage {
  readonly anonBytes: number;
  readonly activeFileBytes: number;
  readonly inactiveFileBytes: number;
  readonly cpuNanoSeconds: number;
}

export const NO_USAGE: CgroupUsage = { anonBytes: 0, activeFileBytes: 0, inactiveFileBytes: 0, cpuNanoSeconds: 0 };

interface Cgroup {
  readonly children: Map<string, Cgroup>;
  resources: CgroupResources;
  usage: CgroupUsage;
  /** Process id -> what happens when it is killed. */
  readonly processes: Map<number, () => void>;
  /** Children of those processes, which end with them. */
  forks: number;
}

export class SimCgroups {
  readonly #root: Cgroup = newCgroup();
  #lastPid = 1000;

  /** Makes the cgroup and its parents where missing. */
  make(name: CgroupName): Cgroup {
    let at = this.#root;
    for (const part of name) {
      const next = at.children.get(part) ?? newCgroup();
      at.children.set(part, next);
      at = next;
    }
    return at;
  }

  find(name: CgroupName): Cgroup | undefined {
    let at: Cgroup | undefined = this.#root;
    for (const part of name) at = at?.children.get(part);
    return at;
  }

  /** A new process in the cgroup; `onKilled` is called when somebody kills it. Returns its id. */
  startProcess(name: CgroupName, onKilled: () => void): number {
    const pid = ++this.#lastPid;
    this.make(name).processes.set(pid, onKilled);
    return pid;
  }

  /** The processes in it have so many children from now on. */
  fork(name: CgroupName, count: number): void {
    const cgroup = this.find(name);
    if (cgroup !== undefined && cgroup.processes.size > 0) cgroup.forks = count;
  }

  /** It ended by itself. The last one leaves no memory behind. */
  endProcess(name: CgroupName, pid: number): void {
    const cgroup = this.find(name);
    if (cgroup === undefined || !cgroup.processes.delete(pid) || cgroup.processes.size > 0) return;
    cgroup.usage = { ...NO_USAGE, cpuNanoSeconds: cgroup.usage.cpuNanoSeconds };
    cgroup.forks = 0;
  }

  /** What a process in the cgroup uses from now on; what is not given stays. */
  use(name: CgroupName, usage: Partial<CgroupUsage>): void {
    const cgroup = this.find(name);
    if (cgroup !== undefined) cgroup.usage = { ...cgroup.usage, ...usage };
  }

  /** Of the cgroup and all below; `undefined`: it does not exist. */
  usage(name: CgroupName): CgroupUsage | undefined {
    const cgroup = this.find(name);
    if (cgroup === undefined) return undefined;
    const sum = { ...NO_USAGE };
    addUsage(sum, cgroup);
    return sum;
  }

  /** Processes in the cgroup, or in all below it, too. */
  processIds(name: CgroupName, which: "own" | "all"): readonly number[] {
    const cgroup = this.find(name);
    if (cgroup === undefined) return [];
    return which === "own" ? [...cgroup.processes.keys()] : processesOf(cgroup);
  }

  /** How many processes there are in the cgroup and below. */
  countProcesses(name: CgroupName): number {
    const cgroup = this.find(name);
    return cgroup === undefined ? 0 : countProcesses(cgroup);
  }

  isRunning(pid: number): boolean {
    return isRunningIn(this.#root, pid);
  }

  /** Kills all in it and takes it away with all below; `false`: a process in it does not end. */
  remove(name: CgroupName): boolean {
    const cgroup = this.find(name);
    const leaf = name.at(-1);
    if (cgroup === undefined || leaf === undefined) return true;
    killAll(cgroup);
    if (countProcesses(cgroup) > 0) return false;
    this.find(name.slice(0, -1))?.children.delete(leaf);
    return true;
  }

  /** As after a reboot. */
  clear(): void {
    this.#root.children.clear();
  }
}

export function cgroupPath(name: CgroupName): string {
  return `/${name.join("/")}`;
}

export function cgroupNameOf(path: string): CgroupName {
  return path.split("/").filter((part) => part !== "");
}

export function simCgroups(world: SimCgroups, line: Line): Cgroups {
  const call = <T>(name: string, work: () => T) => line.call("cgroups", name, work);
  return {
    version: 1,
    controllers: new Set(["cpu", "memory", "pids", "hugetlb", "cpuset"]),
    runtimePath: cgroupPath,
    ensure: (name, resources) =>
      call("ensure", () => {
        const cgroup = world.make(name);
        cgroup.resources = { ...cgroup.resources, ...resources };
      }),
    update: (name, resources) =>
      call("update", () => {
        const cgroup = world.find(name);
        if (cgroup !== undefined) cgroup.resources = { ...cgroup.resources, ...resources };
        return cgroup !== undefined;
      }),
    updateAt: (path, resources) =>
      call("update", () => {
        const cgroup = world.find(cgroupNameOf(path));
        if (cgroup !== undefined) cgroup.resources = { ...cgroup.resources, ...resources };
        return cgroup !== undefined;
      }),
    reclaimMemory: (name) => call("reclaimMemory", () => world.find(name) !== undefined),
    exists: (name) => call("exists", () => world.find(name) !== undefined),
    children: (name) => call("children", () => [...(world.find(name)?.children.keys() ?? [])]),
    processes: (name) =>
      call("processes", () => {
        const cgroup = world.find(name);
        return cgroup === undefined ? [] : processesOf(cgroup);
      }),
    remove: (name) =>
      call("remove", () => {
        if (name.length === 0) throw new HostError("Invalid", "/", "the root cgroup cannot be removed");
        return world.remove(name);
      }),
  };
}

function newCgroup(): Cgroup {
  return { children: new Map(), resources: {}, usage: NO_USAGE, processes: new Map(), forks: 0 };
}

function processesOf(cgroup: Cgroup): number[] {
  return [...cgroup.processes.keys(), ...[...cgroup.children.values()].flatMap(processesOf)];
}

function countProcesses({ processes, children, forks }: Cgroup): number {
  let count = processes.size + forks;
  for (const child of children.values()) count += countProcesses(child);
  return count;
}

function isRunningIn({ processes, children }: Cgroup, pid: number): boolean {
  if (processes.has(pid)) return true;
  for (const child of children.values()) if (isRunningIn(child, pid)) return true;
  return false;
}

function addUsage(sum: { -readonly [K in keyof CgroupUsage]: number }, { usage, children }: Cgroup): void {
  sum.anonBytes += usage.anonBytes;
  sum.activeFileBytes += usage.activeFileBytes;
  sum.inactiveFileBytes += usage.inactiveFileBytes;
  sum.cpuNanoSeconds += usage.cpuNanoSeconds;
  for (const child of children.values()) addUsage(sum, child);
}

function killAll(cgroup: Cgroup): void {
  // Who ends takes itself out.
  for (const onKilled of [...cgroup.processes.values()]) onKilled();
  for (const child of cgroup.children.values()) killAll(child);
}
