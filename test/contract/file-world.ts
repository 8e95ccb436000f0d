import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { createMounts } from "../../src/host/mounts/mounts.ts";
import type { FileWorld } from "./pod-files-contract.ts";

const TMPFS_MAGIC = 0x01021994;

/** The real files of this machine below a directory of their own. */
export async function createFileWorld(): Promise<{ readonly world: FileWorld; readonly close: () => Promise<void> }> {
  const scratch = await realpath(await mkdtemp(`${tmpdir()}/tskubelet-contract-`));
  const absent = (error: unknown): undefined => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  };
  const world: FileWorld = {
    scratch,
    makeDirectory: async (path) => void (await mkdir(path, { recursive: true })),
    makeFile: (path, text) => writeFile(path, text),
    makeLink: (path, target) => symlink(target, path),
    read: (path) => readFile(path, "utf8").catch(absent),
    list: (path) => readdir(path),
    async kind(path) {
      const stats = await lstat(path).catch(absent);
      if (stats === undefined) return "absent";
      return stats.isDirectory() ? "directory" : "file";
    },
    mode: async (path) => (await stat(path)).mode & 0o7777,
    inMemory: async (path) => (await statfs(path)).type === TMPFS_MAGIC,
    async occupy(path) {
      const handle = await open(path);
      return () => handle.close();
    },
  };
  const close = async (): Promise<void> => {
    if (!(await createMounts().unmountBelow(scratch))) throw new Error(`still mounted below ${scratch}`);
    await rm(scratch, { recursive: true, force: true });
  };
  return { world, close };
}
