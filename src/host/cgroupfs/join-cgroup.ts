import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toHostError } from "../files/errno.ts";
import { type CgroupLayout, observeCgroupLayout } from "./cgroup-layout.ts";

/**
 * Moves this process into the cgroup `path` ("/podruntime.slice/kubelet", below the mount of each hierarchy), which is
 * made where it is missing. Rejects with HostError. Source: kubelet cm/container_manager_linux.go newSystemCgroups.
 */
export async function joinCgroup(path: string, layout?: CgroupLayout): Promise<void> {
  const known = layout ?? (await observeCgroupLayout());
  const hierarchies = known.version === 1 ? new Set(known.controllers.values()) : [known.mountPoint];
  for (const hierarchy of hierarchies) {
    const directory = join(hierarchy, path);
    try {
      mkdirSync(directory, { recursive: true });
      inheritCpuset(hierarchy, path);
      writeFileSync(join(directory, "cgroup.procs"), String(process.pid));
    } catch (error) {
      throw toHostError(error, directory, "cannot move the agent into its cgroup");
    }
  }
}

/** A new v1 cpuset is empty, and no process may be in one that is. */
function inheritCpuset(hierarchy: string, path: string): void {
  let parent = hierarchy;
  for (const part of path.split("/").filter((segment) => segment !== "")) {
    const child = join(parent, part);
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (readOrAbsent(join(child, file)) === "")
        writeFileSync(join(child, file), readOrAbsent(join(parent, file)) ?? "");
    }
    parent = child;
  }
}

function readOrAbsent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
