import { constants } from "node:fs";
import { chmod, chown, mkdir, open, stat } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import type { EmptyDirOptions } from "../../ports/volume-files.ts";
import type { Mounts } from "../mounts/mounts.ts";
import { isErrno } from "./errno.ts";
import { type ResolvedSubPath, resolveSubPath } from "./sub-path.ts";
import { groupMode } from "./volume-directories.ts";

const volumeMode = 0o777;
/** Of filesystems of their own: tmpfs as the kernel makes it, and hugetlbfs. */
const tmpfsMode = 0o1777;
const hugetlbfsMode = 0o755;
const binarySuffixes: Readonly<Record<string, number>> = { "": 0, Ki: 10, Mi: 20, Gi: 30, Ti: 40 };

/**
 * A volume directory that every user can write to, as the kubelet makes it (emptydir.go setupDir). It gets its rights
 * last: one that has any is finished, and stays as its containers have made it.
 */
export async function makeVolumeDirectory(directory: string, groupId?: number): Promise<void> {
  const parent = directory.slice(0, directory.lastIndexOf("/"));
  if (!(await makeDirectory(directory))) {
    await mkdir(parent, { recursive: true, mode: 0o750 });
    await makeDirectory(directory);
  }
  const { mode } = await stat(directory);
  if ((mode & 0o777) !== 0) return;
  if (groupId !== undefined) await chown(directory, 0, groupId);
  await chmod(directory, groupId === undefined ? volumeMode : groupMode(volumeMode, false, true));
}

/** `false`: the parent is missing. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0 });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    if (!isErrno(error, "EEXIST")) throw error;
  }
  return true;
}

/** An emptyDir of any medium at `directory`; what is there already stays. */
export async function setUpEmptyDir(mounts: Mounts, directory: string, options: EmptyDirOptions): Promise<void> {
  const { medium, sizeLimitBytes, groupId } = options;
  const page = medium.startsWith("HugePages") ? hugePageBytes(directory, options) : undefined;
  if (page === undefined && medium !== "" && medium !== "Memory") {
    throw new HostError("Invalid", directory, `unknown storage medium "${medium}"`);
  }
  await makeVolumeDirectory(directory, groupId);
  if (medium === "" || (await isMountPoint(directory))) return;
  if (page !== undefined) {
    return mounts.mountHugetlbfs(directory, [`pagesize=${page}`, ...ownedBy(groupId, hugetlbfsMode)]);
  }
  const size = sizeLimitBytes === undefined ? [] : [`size=${Math.trunc(sizeLimitBytes)}`];
  await mounts.mountTmpfs(directory, [...size, ...ownedBy(groupId, tmpfsMode)]);
}

function ownedBy(groupId: number | undefined, mode: number): readonly string[] {
  return groupId === undefined ? [] : [`gid=${groupId}`, `mode=${groupMode(mode, false, true).toString(8)}`];
}

function hugePageBytes(directory: string, options: EmptyDirOptions): number {
  const [, digits, suffix] = /^HugePages-(\d+)([KMGT]i)?$/.exec(options.medium) ?? [];
  if (digits !== undefined) return Number(digits) * 2 ** (binarySuffixes[suffix ?? ""] ?? 0);
  if (options.medium === "HugePages" && options.hugePageBytes !== undefined) return options.hugePageBytes;
  throw new HostError("Invalid", directory, `medium "${options.medium}" does not tell a page size`);
}

/** A directory on a tmpfs of its own that is never swapped out, where the kernel can promise that (6.4 and later). */
export function createMemoryVolumes(mounts: Mounts): (directory: string) => Promise<void> {
  let refusesNoswap = false;
  return async (directory) => {
    await makeVolumeDirectory(directory);
    if (await isMountPoint(directory)) return;
    if (!refusesNoswap) {
      try {
        return await mounts.mountTmpfs(directory, ["noswap"]);
      } catch (error) {
        if (!(error instanceof HostError) || error.code !== "Invalid") throw error;
        refusesNoswap = true;
      }
    }
    await mounts.mountTmpfs(directory, []);
  };
}

/** Of a filesystem of its own: true for tmpfs and hugetlbfs mounts, which is what is asked here. */
async function isMountPoint(directory: string): Promise<boolean> {
  const [own, parent] = await Promise.all([stat(directory), stat(`${directory}/..`)]);
  return own.dev !== parent.dev;
}

/** Holds the place that `subPath` names by a bind mount at `target` and returns `target`. */
export async function bindSubPath(mounts: Mounts, volumePath: string, subPath: string, target: string) {
  const resolved = await resolveSubPath(volumePath, subPath);
  try {
    const source = await resolved.handle.stat();
    const there = await stat(target).catch(() => undefined);
    if (there !== undefined) {
      if (there.dev === source.dev && there.ino === source.ino) return target;
      // Left by an earlier container: it may be mounted on another place or not at all.
      await mounts.unmount(target).catch(() => undefined);
    }
    await makeTarget(resolved, target);
    await mounts.bind(`/proc/${process.pid}/fd/${resolved.handle.fd}`, target);
    return target;
  } finally {
    await resolved.handle.close();
  }
}

async function makeTarget(resolved: ResolvedSubPath, target: string): Promise<void> {
  if (resolved.isDirectory) {
    await mkdir(target, { recursive: true, mode: 0o750 });
    return;
  }
  await mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true, mode: 0o750 });
  const handle = await open(target, constants.O_CREAT | constants.O_RDONLY | constants.O_NOFOLLOW, 0o640);
  await handle.close();
}
