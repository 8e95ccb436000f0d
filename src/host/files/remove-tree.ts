import { closeSync, constants, opendirSync, openSync, readFileSync, renameSync, rmdirSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { setImmediate as yieldTurn } from "node:timers/promises";
import { HostError } from "../../ports/errors.ts";
import { isErrno } from "./errno.ts";

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Each level holds a descriptor open; a tree deeper than the limit of those is taken apart. */
const deepestLevel = 64;
const parallel = 16;
const idlePasses = 8;
const directoriesPerTurn = 32;

/**
 * Removes `path` with all below. Never follows a symbolic link and never enters a mount point, not even one that
 * appears meanwhile: each directory is opened by its parent's descriptor and must be on the parent's mount.
 * Nothing there is success. Rejects with HostError `Busy` at a mount point.
 */
export async function removeTree(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  const parent = openOrUndefined(path.slice(0, slash) || "/");
  if (parent === undefined) return;
  try {
    await new TreeRemoval(mountIdOf(parent)).removeEntry(parent, path.slice(slash + 1), 0, path);
  } finally {
    closeSync(parent);
  }
}

/**
 * Directories are opened, read and removed synchronously: each takes microseconds, and some would cost more in detours
 * than in work. Files go through the thread pool: giving back the blocks of a large one takes time.
 */
class TreeRemoval {
  readonly #mountId: string;
  /** Where too deep directories are moved. */
  #top = "";
  #moved = 0;
  #directories = 0;

  constructor(mountId: string) {
    this.#mountId = mountId;
  }

  async removeEntry(parent: number, name: string, level: number, shown: string): Promise<void> {
    const entry = `/proc/self/fd/${parent}/${name}`;
    const directory = openOrUndefined(entry);
    if (directory === undefined) return removeFile(entry);
    try {
      if (mountIdOf(directory) !== this.#mountId) {
        throw new HostError("Busy", shown, `${shown} is a mount point: not removed`);
      }
      if (level === 0) this.#top = `/proc/self/fd/${directory}`;
      if (level > deepestLevel) {
        renameSync(entry, `${this.#top}/..removed-${process.pid}-${this.#moved++}`);
        return;
      }
      await this.#removeDirectory(directory, entry, level, shown);
    } finally {
      closeSync(directory);
    }
    if (++this.#directories % directoriesPerTurn === 0) await yieldTurn();
  }

  async #removeDirectory(directory: number, entry: string, level: number, shown: string): Promise<void> {
    for (let idle = 0; idle <= idlePasses; ) {
      const movedBefore = this.#moved;
      await this.#empty(directory, level, shown);
      try {
        rmdirSync(entry);
        return;
      } catch (error) {
        if (isErrno(error, "ENOENT")) return;
        if (!isErrno(error, "ENOTEMPTY") || idle === idlePasses) throw error;
      }
      // Somebody still writes into it, or a deep part of it was moved up here.
      if (this.#moved === movedBefore) idle++;
    }
  }

  async #empty(directory: number, level: number, shown: string): Promise<void> {
    const base = `/proc/self/fd/${directory}`;
    const files = new FileRemovals();
    const entries = opendirSync(base, { bufferSize: 128 });
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (entry.isDirectory()) await this.removeEntry(directory, entry.name, level + 1, `${shown}/${entry.name}`);
        else await files.add(`${base}/${entry.name}`);
      }
    } finally {
      entries.closeSync();
      await files.settle(); // they go by the descriptor that the caller closes
    }
    files.throwFirst();
  }
}

/** A bounded number of files that are being removed at once. */
class FileRemovals {
  #running: Promise<void>[] = [];
  #failures: unknown[] = [];

  async add(path: string): Promise<void> {
    const removal = removeFile(path).catch((error: unknown) => {
      this.#failures.push(error);
    });
    this.#running.push(removal);
    if (this.#running.length >= parallel) await this.settle();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#running);
    this.#running = [];
  }

  throwFirst(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** `undefined`: it is not there, or it is no directory. */
function openOrUndefined(path: string): number | undefined {
  try {
    return openSync(path, openDirectory);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

function mountIdOf(descriptor: number): string {
  return /^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "";
}
