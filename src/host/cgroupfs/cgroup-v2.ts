import { type CgroupFile, cgroupV2Files } from "../../core/cgroup/index.ts";
import { HostError } from "../../ports/errors.ts";
import { isErrno, toHostError } from "../files/errno.ts";
import type { CgroupBackend } from "./cgroup-backend.ts";
import type { CgroupLayout } from "./cgroup-layout.ts";
import {
  cgroupExists,
  childCgroups,
  collectProcesses,
  makeCgroup,
  readControl,
  removeCgroupTree,
  writeControl,
} from "./cgroup-tree.ts";
import { killProcesses } from "./kill-processes.ts";
import { requestReclaim } from "./request-reclaim.ts";

/** Controllers that pods and their containers need; each level hands them down to the next. */
const delegated: ReadonlySet<string> = new Set(["cpu", "cpuset", "memory", "pids", "hugetlb", "io"]);
/** Where the processes of the agent's own cgroup go when that becomes the root of the pods' tree. */
const ownLeaf = "agent";

export interface CgroupV2Options {
  readonly layout: Extract<CgroupLayout, { version: 2 }>;
  /** The agent's cgroup root; below it, and only there, processes may be moved out of the way. */
  readonly root: string;
}

/** cgroup v2: one tree; controllers are handed down level by level through cgroup.subtree_control. */
export function createCgroupV2({ layout, root }: CgroupV2Options): CgroupBackend {
  const at = (path: string): string => (path === "/" ? layout.mountPoint : layout.mountPoint + path);
  /** Levels that hand their controllers down already. */
  const handingDown = new Set<string>();

  async function create(path: string): Promise<void> {
    if (path === "/") return;
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    if (!handingDown.has(parent)) {
      await create(parent);
      await handDown(parent);
    }
    const made = await makeCgroup(at(path));
    if (made === "made") handingDown.delete(path);
    if (made !== "orphan") return;
    // The parent was removed behind our back.
    handingDown.delete(parent);
    await create(parent);
    await handDown(parent);
    await makeCgroup(at(path));
  }

  async function handDown(path: string): Promise<void> {
    const directory = at(path);
    const offered = words(await readControl(`${directory}/cgroup.controllers`));
    const given = new Set(words(await readControl(`${directory}/cgroup.subtree_control`)));
    const missing = offered.filter((name) => delegated.has(name) && !given.has(name));
    if (missing.length > 0) await enable(path, directory, missing);
    handingDown.add(path);
  }

  async function enable(path: string, directory: string, controllers: readonly string[]): Promise<void> {
    const file = `${directory}/cgroup.subtree_control`;
    const value = controllers.map((name) => `+${name}`).join(" ");
    try {
      await writeControl(file, value);
      return;
    } catch (error) {
      if (isErrno(error, "EOPNOTSUPP")) throw threaded(directory, error);
      if (!isErrno(error, "EBUSY")) return enableEach(file, controllers);
      if (path !== root) throw toHostError(error, directory, "processes stand in the way of controllers");
    }
    // Only leaves may have processes: those of a delegated root (the agent itself) move into one.
    await moveOwnProcesses(directory);
    await writeControl(file, value);
  }

  /** One controller that refuses (cpu with real-time processes about) shall not take the others with it. */
  async function enableEach(file: string, controllers: readonly string[]): Promise<void> {
    for (const name of controllers) {
      try {
        await writeControl(file, `+${name}`);
      } catch (error) {
        if (name === "cpu" || name === "memory") throw toHostError(error, file, `cannot enable controller "${name}"`);
      }
    }
  }

  const isHandedDown = (controller: string): boolean => delegated.has(controller) && layout.controllers.has(controller);

  /** The files that are not there. */
  async function writeFiles(path: string, files: readonly CgroupFile[]): Promise<readonly CgroupFile[]> {
    const missing: CgroupFile[] = [];
    for (const each of files) if (!(await writeControl(`${at(path)}/${each.file}`, each.value))) missing.push(each);
    return missing;
  }

  return {
    version: 2,
    controllers: layout.controllers,
    create,

    async write(path, resources) {
      const files = cgroupV2Files(resources);
      const passedOver = await writeFiles(path, files);
      if (!passedOver.some(({ controller }) => isHandedDown(controller))) return true;
      if (!(await cgroupExists(at(path)))) return false;
      // A level above was made anew by somebody who did not hand its controllers down. A file that is still missing
      // after that is one that this kernel does not have.
      handingDown.clear();
      await create(path);
      await writeFiles(path, passedOver);
      return true;
    },

    exists: (path) => cgroupExists(at(path)),
    children: (path) => childCgroups(at(path)),

    async processes(path) {
      const pids = new Set<number>();
      await collectProcesses(at(path), pids);
      return pids;
    },

    reclaimMemory: (path, bytes) => requestReclaim(`${at(path)}/memory.reclaim`, String(Math.ceil(bytes))),

    async destroy(path) {
      const directory = at(path);
      for (const level of handingDown) if (level === path || level.startsWith(`${path}/`)) handingDown.delete(level);
      if (await removeCgroupTree(directory)) return true;
      if (!(await writeControl(`${directory}/cgroup.kill`, "1"))) {
        const pids = new Set<number>(); // before Linux 5.14
        await collectProcesses(directory, pids);
        killProcesses(pids);
      }
      return removeCgroupTree(directory);
    },
  };
}

async function moveOwnProcesses(directory: string): Promise<void> {
  await makeCgroup(`${directory}/${ownLeaf}`);
  // New ones may be started meanwhile by those that are not moved yet.
  for (let pass = 0; pass < 8; pass++) {
    const pids = words(await readControl(`${directory}/cgroup.procs`));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        await writeControl(`${directory}/${ownLeaf}/cgroup.procs`, pid);
      } catch (error) {
        if (!isErrno(error, "ESRCH", "EINVAL")) throw toHostError(error, directory, `cannot move process ${pid}`);
      }
    }
  }
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function threaded(directory: string, cause: unknown): HostError {
  const message = `${directory} is a threaded cgroup: pods need a domain cgroup as their root`;
  return new HostError("Invalid", directory, message, { cause });
}
