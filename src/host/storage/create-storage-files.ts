import { chmod, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HostError } from "../../ports/errors.ts";
import type { StorageFiles } from "../../ports/storage-files.ts";
import { asHostError, isErrno, toHostError } from "../files/errno.ts";
import { readMountsAt } from "../procfs/mount-info.ts";

const OWN_MODE = 0o750;
/** As an emptyDir: whoever the container runs as. */
const CLAIM_MODE = 0o777;
const RECORD_MODE = 0o600;
const LARGEST_RECORD = 64 * 1024;

export function createStorageFiles(): StorageFiles {
  return {
    claimDirectory: (path) => asHostError(path, makeClaimDirectory(path)),

    async makeDirectory(path) {
      await asHostError(path, mkdir(path, { recursive: true, mode: OWN_MODE }));
    },

    async listDirectories(path) {
      const entries = await orUndefined(path, readdir(path, { withFileTypes: true }));
      return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },

    async removeEmpty(path) {
      const own = await orUndefined(path, lstat(path));
      if (own === undefined) return;
      if (await isMountPoint(path)) throw new HostError("Busy", path, `${path} is a mount point: not removed`);
      if (own.isDirectory()) return removeDirectory(path);
      if (own.isFile() && own.size > 0) throw new HostError("Busy", path, `${path} is not empty: not removed`);
      await asHostError(path, rm(path, { force: true }));
    },

    isMountPoint: (path) => asHostError(path, isMountPoint(path)),

    async kindOf(path) {
      const found = await orUndefined(path, stat(path));
      if (found === undefined) return undefined;
      if (found.isDirectory()) return "directory";
      if (found.isFile()) return "file";
      return found.isBlockDevice() ? "blockDevice" : "other";
    },

    async readRecord(path) {
      const size = (await orUndefined(path, stat(path)))?.size ?? 0;
      if (size === 0 || size > LARGEST_RECORD) return undefined;
      const text = await orUndefined(path, readFile(path, "utf8"));
      try {
        return text === undefined ? undefined : (JSON.parse(text) as unknown);
      } catch {
        return undefined;
      }
    },

    writeRecord: (path, fields) => asHostError(path, writeRecord(path, JSON.stringify(fields))),

    async removeRecord(path) {
      await asHostError(path, rm(path, { force: true }));
    },
  };
}

/** The umask takes nothing from a directory that is new; one that is there is somebody's. */
async function makeClaimDirectory(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: OWN_MODE });
  try {
    await mkdir(path);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    if (!(await stat(path)).isDirectory()) throw new HostError("Invalid", path, `${path} is not a directory`);
    return;
  }
  await chmod(path, CLAIM_MODE);
}

async function removeDirectory(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    if (isErrno(error, "ENOTEMPTY", "EEXIST")) {
      throw new HostError("Busy", path, `${path} is not empty: not removed`, { cause: error });
    }
    throw toHostError(error, path);
  }
}

/** The kernel lists mounts by their real paths. */
async function isMountPoint(path: string): Promise<boolean> {
  const parent = await orUndefined(path, realpath(dirname(path)));
  if (parent === undefined) return false;
  const real = join(parent, basename(path));
  return readMountsAt([real]).some(({ mountPoint }) => mountPoint === real);
}

async function writeRecord(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", RECORD_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function orUndefined<T>(path: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  }
}
