import { closeSync, openSync, readSync } from "node:fs";

/** Most files have some KiB; cgroup.procs and net/dev of a busy machine may have many lines. */
const FIRST = 32 * 1024;
const LARGEST = 1024 * 1024;
const HALF_PAGE = 2048;

/**
 * Reads small kernel files at once into one buffer that is used again: a detour over the thread pool would take several
 * times as long as the kernel needs, and none of these files waits for a disk.
 */
export class FileReader {
  #buffer = Buffer.allocUnsafe(FIRST);

  /** `undefined`: it is not there, or it cannot be read. */
  read(path: string): string | undefined {
    let file: number;
    try {
      file = openSync(path, "r");
    } catch {
      return undefined;
    }
    try {
      return this.#readAll(file);
    } catch {
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  #readAll(file: number): string {
    let filled = 0;
    for (;;) {
      const count = readSync(file, this.#buffer, filled, this.#buffer.length - filled, -1);
      filled += count;
      if (count === 0 || filled >= LARGEST) break;
      // The kernel gives as many lines as go into a page; what is well below that was all.
      if (count < HALF_PAGE && filled === count) break;
      if (filled === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2);
    }
    return this.#buffer.toString("latin1", 0, filled);
  }
}
