import { constants } from "node:fs";
import { type FileHandle, open, opendir, readFile, rename, rmdir, unlink } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import { isErrno } from "./errno.ts";

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const deepestLevel = 64;
const parallel = 16;
const passes = 8;

/**
 * Removes `path` with all below. Never follows a symbolic link and never enters a mount point, not even one that
 * appears meanwhile: each directory is opened by its parent's descriptor and must be on the parent's mount.
 * Nothing there is success. Rejects with HostError `Busy` at a mount point.
 */
export async function removeTree(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  const parent = await openOrUndefined(path.slice(0, slash) || "/");
  if (parent === undefined) return;
  try {
    const walk = { mountId: await mountIdOf(parent), moved: 0, top: "" };
    await removeEntry(walk, parent, path.slice(slash + 1), 0, path);
  } finally {
    await parent.close();
  }
}

interface Walk {
  readonly mountId: string;
  /** Path of the top directory's descriptor: too deep directories are moved there. */
  top: string;
  moved: number;
}

async function removeEntry(walk: Walk, parent: FileHandle, name: string, level: number, shown: string): Promise<void> {
  const entry = `/proc/self/fd/${parent.fd}/${name}`;
  const directory = await openOrUndefined(entry);
  if (directory === undefined) return removeFile(entry);
  try {
    if ((await mountIdOf(directory)) !== walk.mountId) {
      throw new HostError("Busy", shown, `${shown} is a mount point: not removed`);
    }
    if (level === 0) walk.top = `/proc/self/fd/${directory.fd}`;
    if (level > deepestLevel) {
      // Each level holds a descriptor open; a tree deeper than the limit of those is taken apart.
      await rename(entry, `${walk.top}/..removed-${process.pid}-${walk.moved++}`);
      return;
    }
    await emptyDirectory(walk, directory, level, shown);
    await removeEmptied(walk, directory, entry, level, shown);
  } finally {
    await directory.close();
  }
}

async function removeEmptied(walk: Walk, directory: FileHandle, entry: string, level: number, shown: string) {
  let idlePasses = 0;
  for (;;) {
    try {
      return await rmdir(entry);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      if (!isErrno(error, "ENOTEMPTY") || idlePasses >= passes) throw error;
    }
    // Somebody still writes into it, or a deep part of it was moved up here.
    const movedBefore = walk.moved;
    await emptyDirectory(walk, directory, level, shown);
    if (walk.moved === movedBefore) idlePasses++;
  }
}

async function emptyDirectory(walk: Walk, directory: FileHandle, level: number, shown: string): Promise<void> {
  const base = `/proc/self/fd/${directory.fd}`;
  let files: string[] = [];
  const flush = async (): Promise<void> => {
    const batch = files;
    files = [];
    await Promise.all(batch.map((name) => removeFile(`${base}/${name}`)));
  };
  for await (const entry of await opendir(base, { bufferSize: 128 })) {
    if (entry.isDirectory()) await removeEntry(walk, directory, entry.name, level + 1, `${shown}/${entry.name}`);
    else files.push(entry.name);
    if (files.length >= parallel) await flush();
  }
  await flush();
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** `undefined`: it is not there, or it is no directory. */
async function openOrUndefined(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, openDirectory);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

async function mountIdOf(handle: FileHandle): Promise<string> {
  const info = await readFile(`/proc/self/fdinfo/${handle.fd}`, "utf8");
  return /^mnt_id:\s*(\d+)/m.exec(info)?.[1] ?? "";
}
