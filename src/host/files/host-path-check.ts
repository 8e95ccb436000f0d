import { constants, type Stats } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import { isErrno, toHostError } from "./errno.ts";

interface HostPathType {
  readonly description: string;
  readonly matches: (stats: Stats) => boolean;
  readonly create?: (path: string) => Promise<void>;
}

const directory: HostPathType = { description: "directory", matches: (stats) => stats.isDirectory() };
const file: HostPathType = { description: "file", matches: (stats) => stats.isFile() };

const types: Readonly<Record<string, HostPathType>> = {
  Directory: directory,
  DirectoryOrCreate: { ...directory, create: makeDirectory },
  File: file,
  FileOrCreate: { ...file, create: makeFile },
  Socket: { description: "socket file", matches: (stats) => stats.isSocket() },
  CharDevice: { description: "character device", matches: (stats) => stats.isCharacterDevice() },
  BlockDevice: { description: "block device", matches: (stats) => stats.isBlockDevice() },
};

/**
 * Checks a hostPath against its type and creates it for `...OrCreate`; "" checks nothing. Rejects in the words of
 * kubelet volume/hostpath/host_path.go checkTypeInternal.
 */
export async function checkHostPath(path: string, type: string): Promise<void> {
  if (type === "") return;
  const wanted = Object.hasOwn(types, type) ? types[type] : undefined;
  if (wanted === undefined) throw new HostError("Invalid", path, `${type} is an invalid volume type`);
  const stats = await statOrUndefined(path);
  if (stats === undefined && wanted.create !== undefined) return wanted.create(path);
  if (stats === undefined || !wanted.matches(stats)) {
    const code = stats === undefined ? "NotFound" : "Invalid";
    throw new HostError(code, path, `hostPath type check failed: ${path} is not a ${wanted.description}`);
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw toHostError(error, path);
  }
}

/** An empty file; its parent must be there. */
async function makeFile(path: string): Promise<void> {
  try {
    const handle = await open(path, constants.O_CREAT | constants.O_RDONLY | constants.O_NONBLOCK, 0o644);
    await handle.close();
  } catch (error) {
    throw toHostError(error, path);
  }
}
