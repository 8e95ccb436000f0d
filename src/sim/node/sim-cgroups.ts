/** The cgroup tree of the simulated machine, and the port that the agent sees it through. */
import type { CgroupName, CgroupResources } from "../../core/cgroup/types.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import { HostError } from "../../ports/errors.ts";
import type { Line } from "../line.ts";

interface Cgroup {
  readonly children: Map<string, Cgroup>;
  resources: CgroupResources;
  /** Process id -> what happens when it is killed. */
  readonly processes: Map<number, () => void>;
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

  /** It ended by itself. */
  endProcess(name: CgroupName, pid: number): void {
    this.find(name)?.processes.delete(pid);
  }

  isRunning(pid: number): boolean {
    return processesOf(this.#root).includes(pid);
  }

  /** Kills all in it and takes it away with all below; `false`: a process in it does not end. */
  remove(name: CgroupName): boolean {
    const cgroup = this.find(name);
    const leaf = name.at(-1);
    if (cgroup === undefined || leaf === undefined) return true;
    killAll(cgroup);
    if (processesOf(cgroup).length > 0) return false;
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
  return { children: new Map(), resources: {}, processes: new Map() };
}

function processesOf(cgroup: Cgroup): number[] {
  return [...cgroup.processes.keys(), ...[...cgroup.children.values()].flatMap(processesOf)];
}

function killAll(cgroup: Cgroup): void {
  // Who ends takes itself out.
  for (const onKilled of [...cgroup.processes.values()]) onKilled();
  for (const child of cgroup.children.values()) killAll(child);
}
