import { readFile } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import { type MountInfo, readMountInfo } from "../procfs/mount-info.ts";

/** Where the cgroup hierarchies of this machine are mounted. */
export type CgroupLayout =
  | {
      readonly version: 1;
      /** Controller ("memory") -> mount point; controllers of one hierarchy share it. */
      readonly controllers: ReadonlyMap<string, string>;
      /** All mount points, also the named ones and the empty v2 hierarchy of hybrid machines: runtimes use them too. */
      readonly hierarchies: readonly string[];
    }
  | { readonly version: 2; readonly mountPoint: string; readonly controllers: ReadonlySet<string> };

/** Looks where cgroups are mounted. Version 2 is used where the memory controller is not on version 1. */
export async function observeCgroupLayout(mounts?: readonly MountInfo[]): Promise<CgroupLayout> {
  const all = mounts ?? readMountInfo();
  const v1 = all.filter((mount) => mount.fsType === "cgroup");
  const v2 = all.find((mount) => mount.fsType === "cgroup2");
  const controllers = new Map(v1.flatMap((mount) => controllersOf(mount).map((name) => [name, mount.mountPoint])));
  if (controllers.has("memory")) {
    const hierarchies = [...new Set([...v1, ...(v2 === undefined ? [] : [v2])].map((mount) => mount.mountPoint))];
    return { version: 1, controllers, hierarchies };
  }
  if (v2 === undefined) {
    throw new HostError("NotFound", "/sys/fs/cgroup", "no cgroup filesystem is mounted on this machine");
  }
  const offered = await readFile(`${v2.mountPoint}/cgroup.controllers`, "utf8");
  return { version: 2, mountPoint: v2.mountPoint, controllers: new Set(offered.trim().split(/\s+/)) };
}

const flags: ReadonlySet<string> = new Set([
  "rw",
  "ro",
  "xattr",
  "clone_children",
  "noprefix",
  "cpuset_v2_mode",
  "none",
]);

/** The controllers of a v1 mount stand among its options. */
function controllersOf(mount: MountInfo): readonly string[] {
  return mount.superOptions.filter((option) => !option.includes("=") && !flags.has(option));
}
