import { closeSync, openSync, readSync } from "node:fs";

/**
 * A file of the kernel that is read again and again: kept open, read from its start into one buffer. Reads do not wait for
 * any device and take about ten microseconds; a turn through the thread pool would cost more than that.
 */
export class CounterFile {
  readonly #path: string;
  readonly #buffer: Buffer;
  #fd: number | undefined;

  constructor(path: string, mostBytes: number) {
    this.#path = path;
    this.#buffer = Buffer.alloc(mostBytes);
  }

  /** `undefined`: not there, or not readable, now. */
  read(): string | undefined {
    try {
      this.#fd ??= openSync(this.#path, "r");
      const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0);
      return this.#buffer.toString("latin1", 0, length);
    } catch {
      // A cgroup that was made anew has the same path, but not the same file.
      this.close();
      return undefined;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
