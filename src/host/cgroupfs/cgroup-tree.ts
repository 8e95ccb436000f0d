import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rmdir, stat } from "node:fs/promises";
import { isErrno } from "../files/errno.ts";

/** A directory vanished, or the kernel has no such file there. */
const gone = ["ENOENT", "ENOTDIR", "ENODEV"] as const;

/** Makes one cgroup directory; `"made"`, `"there"`, or `"orphan"`: its parent is missing. */
export async function makeCgroup(directory: string): Promise<"made" | "there" | "orphan"> {
  try {
    await mkdir(directory, { mode: 0o755 });
    return "made";
  } catch (error) {
    if (isErrno(error, "EEXIST")) return "there";
    if (isErrno(error, "ENOENT")) return "orphan";
    throw error;
  }
}

export async function cgroupExists(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch (error) {
    if (isErrno(error, ...gone)) return false;
    throw error;
  }
}

/** Writes a control file; `false`: there is no such file. */
export async function writeControl(path: string, value: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    // Never created: on a directory that is no cgroup the file would be made.
    handle = await open(path, constants.O_WRONLY);
  } catch (error) {
    if (isErrno(error, ...gone)) return false;
    throw error;
  }
  try {
    await handle.write(value);
    return true;
  } catch (error) {
    if (isErrno(error, "ENODEV")) return false;
    throw error;
  } finally {
    await handle.close();
  }
}

/** Content of a control file; `undefined`: it is not there, or the cgroup vanished. */
export async function readControl(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // EOPNOTSUPP: cgroup.procs of a threaded cgroup.
    if (isErrno(error, ...gone, "EOPNOTSUPP")) return undefined;
    throw error;
  }
}

export async function childCgroups(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, ...gone)) return [];
    throw error;
  }
}

/** Adds the processes of the cgroup and of all below. Those of other PID namespaces have no number here. */
export async function collectProcesses(directory: string, into: Set<number>): Promise<void> {
  const text = await readControl(`${directory}/cgroup.procs`);
  for (const line of text?.split("\n") ?? []) if (/^[1-9]\d*$/.test(line)) into.add(Number(line));
  for (const child of await childCgroups(directory)) await collectProcesses(`${directory}/${child}`, into);
}

/** Removes the cgroup with all below, innermost first; `false`: something in it is still in use. */
export async function removeCgroupTree(directory: string): Promise<boolean> {
  if (await removeCgroup(directory)) return true;
  for (const child of await childCgroups(directory)) await removeCgroupTree(`${directory}/${child}`);
  return removeCgroup(directory);
}

async function removeCgroup(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (isErrno(error, ...gone)) return true;
    if (isErrno(error, "EBUSY", "ENOTEMPTY")) return false;
    throw error;
  }
}
