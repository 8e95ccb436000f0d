import { constants, createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, opendir, readdir, readlink, rename, rm, stat, symlink, utimes } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { HostError } from "../../ports/errors.ts";
import type { LogFile, LogFiles } from "../../ports/log-files.ts";
import { asHostError, isErrno, toHostError } from "./errno.ts";
import { removeTree } from "./remove-tree.ts";

export interface LogFilesOptions {
  /** One directory per pod (`<namespace>_<name>_<uid>`). */
  readonly podLogsDir?: string;
  /** One link per container. */
  readonly containerLogsDir?: string;
}

const readAtOnce = 65_536;

/** The LogFiles of this machine, by default in the kubelet's directories. Missing directories are made. */
export async function createLogFiles(options: LogFilesOptions = {}): Promise<LogFiles> {
  const podLogsDir = options.podLogsDir ?? "/var/log/pods";
  const containerLogsDir = options.containerLogsDir ?? "/var/log/containers";
  for (const directory of [podLogsDir, containerLogsDir]) {
    await asHostError(directory, mkdir(directory, { recursive: true, mode: 0o755 }));
  }
  return {
    async listPodDirectories() {
      const entries = await orEmpty(podLogsDir, readdir(podLogsDir, { withFileTypes: true }));
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },

    async removePodDirectory(name) {
      if (name === "" || name.startsWith(".") || name.includes("/")) {
        throw new HostError("Invalid", podLogsDir, `not the name of a pod's log directory: ${JSON.stringify(name)}`);
      }
      await asHostError(podLogsDir, removeTree(`${podLogsDir}/${name}`), "cannot remove a pod's logs");
    },

    listRotated,

    async size(path) {
      const stats = await statOrUndefined(path);
      return stats?.isFile() ? stats.size : undefined;
    },

    rename: (from, to) => asHostError(from, rename(from, to)),
    remove: (path) => asHostError(path, rm(path, { force: true })),
    listNames: (directory) => orEmpty(directory, readdir(directory)),
    compress: (from, to) => asHostError(from, compress(from, to), "cannot compress a log"),
    link: (link, target) => asHostError(link, replaceLink(link, target), "cannot link a log"),
    removeDanglingLinks: (keep) => asHostError(containerLogsDir, removeDanglingLinks(containerLogsDir, keep)),

    async removeContainerLogs(path, link) {
      for (const file of await listRotated(path)) await asHostError(file.path, rm(file.path, { force: true }));
      if (link !== "") await asHostError(link, rm(link, { force: true }));
    },
  };
}

/** The log itself and what rotation made of it: names that begin with the log's name and a dot. */
async function listRotated(path: string): Promise<readonly LogFile[]> {
  const [directory, name] = [dirname(path), basename(path)];
  const all = await orEmpty(directory, readdir(directory));
  const names = all.filter((each) => each === name || each.startsWith(`${name}.`));
  const files = await Promise.all(
    names.map(async (each) => {
      const stats = await statOrUndefined(`${directory}/${each}`);
      if (!stats?.isFile()) return [];
      return [{ path: `${directory}/${each}`, sizeBytes: stats.size, modifiedAtMs: Math.trunc(stats.mtimeMs) }];
    }),
  );
  return files.flat();
}

/** Streams through zlib, so memory stays bounded; a half-written file is never seen under the final name. */
async function compress(from: string, to: string): Promise<void> {
  const temporary = `${to}.tmp`;
  await rm(temporary, { force: true });
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await source.stat();
    const output = createWriteStream(temporary, { flags: "wx", mode: stats.mode & 0o777, highWaterMark: readAtOnce });
    const input = createReadStream("", { fd: source, highWaterMark: readAtOnce, autoClose: false });
    await pipeline(input, createGzip({ chunkSize: readAtOnce }), output);
    await utimes(temporary, stats.atime, stats.mtime);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await source.close();
  }
  await rm(from, { force: true });
}

/** A new link under another name takes the old one's place, so that a reader always finds one. */
async function replaceLink(link: string, target: string): Promise<void> {
  if ((await readlink(link).catch(() => undefined)) === target) return;
  await mkdir(dirname(link), { recursive: true, mode: 0o755 });
  const temporary = `${dirname(link)}/.${basename(link).slice(0, 200)}.tmp`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, link);
}

/** Source: kubelet kuberuntime_gc.go evictPodLogsDirectories, the part about dead symlinks. */
async function removeDanglingLinks(directory: string, keep?: (linkName: string) => boolean): Promise<void> {
  for await (const entry of await opendir(directory, { bufferSize: 128 })) {
    if (!entry.isSymbolicLink() || (await statOrUndefined(`${directory}/${entry.name}`)) !== undefined) continue;
    if (keep?.(entry.name) !== true) await rm(`${directory}/${entry.name}`, { force: true });
  }
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  }
}

async function orEmpty<T>(path: string, work: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw toHostError(error, path);
  }
}
