import { cgroupV1Files } from "../../core/cgroup/index.ts";
import type { CgroupBackend } from "./cgroup-backend.ts";
import type { CgroupLayout } from "./cgroup-layout.ts";
import {
  cgroupExists,
  childCgroups,
  collectProcesses,
  makeCgroup,
  removeCgroupTree,
  writeControl,
} from "./cgroup-tree.ts";
import { killProcesses } from "./kill-processes.ts";
import { requestReclaim } from "./request-reclaim.ts";

/** Controllers that limit pods. Others are left to the runtime, which makes what it needs below on its own. */
const limiting: readonly string[] = ["cpu", "memory", "pids", "hugetlb"];

/** cgroup v1: one tree per hierarchy, all alike. Made only where there is something to limit, removed everywhere. */
export function createCgroupV1(layout: Extract<CgroupLayout, { version: 1 }>): CgroupBackend {
  const mounts = new Map([...layout.controllers].filter(([name]) => limiting.includes(name)));
  const managed = [...new Set(mounts.values())];
  const everywhere = (path: string): readonly string[] => layout.hierarchies.map((mount) => mount + path);

  return {
    version: 1,
    controllers: new Set(layout.controllers.keys()),

    async create(path) {
      await Promise.all(managed.map((mount) => makeWithParents(mount, path)));
    },

    async write(path, resources) {
      let missing = false;
      for (const { controller, file, value } of cgroupV1Files(resources)) {
        const mount = mounts.get(controller);
        if (mount !== undefined && !(await writeControl(`${mount}${path}/${file}`, value))) missing = true;
      }
      // A file that this kernel was built without is no limit that could be set; a missing directory is.
      return !missing || allExist(managed, path);
    },

    exists: (path) => allExist(managed, path),

    async children(path) {
      const lists = await Promise.all(everywhere(path).map(childCgroups));
      return [...new Set(lists.flat())];
    },

    async processes(path) {
      const pids = new Set<number>();
      await Promise.all(everywhere(path).map((directory) => collectProcesses(directory, pids)));
      return pids;
    },

    /** v1 knows no amount: it takes what it can, page cache first. */
    async reclaimMemory(path) {
      const memory = mounts.get("memory");
      return memory !== undefined && (await requestReclaim(`${memory}${path}/memory.force_empty`, "0"));
    },

    async destroy(path) {
      const directories = everywhere(path);
      if ((await removeAll(directories)) === 0) return true;
      const pids = new Set<number>();
      await Promise.all(directories.map((directory) => collectProcesses(directory, pids)));
      killProcesses(pids);
      const freezer = layout.controllers.get("freezer");
      if (freezer !== undefined && pids.size > 0) await thawTree(freezer + path);
      return (await removeAll(directories)) === 0;
    },
  };
}

async function makeWithParents(mount: string, path: string): Promise<void> {
  if (path === "/") return;
  const made = await makeCgroup(mount + path);
  if (made !== "orphan") return;
  await makeWithParents(mount, path.slice(0, path.lastIndexOf("/")) || "/");
  await makeCgroup(mount + path);
}

async function allExist(mounts: readonly string[], path: string): Promise<boolean> {
  const found = await Promise.all(mounts.map((mount) => cgroupExists(mount + path)));
  return found.every((there) => there);
}

/** How many could not be removed. */
async function removeAll(directories: readonly string[]): Promise<number> {
  const removed = await Promise.all(directories.map(removeCgroupTree));
  return removed.filter((done) => !done).length;
}

/** A frozen process dies only after it was thawed. */
async function thawTree(directory: string): Promise<void> {
  await writeControl(`${directory}/freezer.state`, "THAWED");
  for (const child of await childCgroups(directory)) await thawTree(`${directory}/${child}`);
}
