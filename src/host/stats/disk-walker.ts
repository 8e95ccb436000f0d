import { Worker } from "node:worker_threads";
import type { DiskWalkOptions, DiskWalkResult } from "./disk-walk.ts";

/** A thread with nothing to do is ended: the next round of measurements is a minute away. */
const IDLE_MS = 2_000;
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "./disk-walk-worker.ts" : "./disk-walk-worker.js",
  import.meta.url,
);

interface Job {
  readonly path: string;
  readonly options: DiskWalkOptions;
  readonly done: (result: DiskWalkResult | undefined) => void;
}

/**
 * Walks disks one after the other in a thread of its own: the system calls need no detour there, and a disk that does not
 * answer holds up neither the agent nor its thread pool.
 */
export class DiskWalker {
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** The first one is under way. */
  readonly #jobs: Job[] = [];

  /** `undefined`: not there, not readable, or given up by `signal`. */
  measure(path: string, options: DiskWalkOptions, signal?: AbortSignal): Promise<DiskWalkResult | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const giveUp = () => resolve(undefined);
      const done = (result: DiskWalkResult | undefined) => {
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#jobs.push({ path, options, done });
      if (this.#jobs.length === 1) this.#next();
    });
  }

  #next(): void {
    clearTimeout(this.#idle);
    const [job] = this.#jobs;
    if (job === undefined) {
      this.#idle = setTimeout(() => this.#end(), IDLE_MS);
      this.#idle.unref();
      return;
    }
    this.#thread ??= this.#start();
    this.#thread.postMessage({ path: job.path, options: job.options });
  }

  #start(): Worker {
    const thread = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: 128 } });
    thread.unref();
    thread.on("message", (result: DiskWalkResult | undefined) => this.#finish(result));
    thread.on("error", () => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#finish(undefined);
    });
    return thread;
  }

  #finish(result: DiskWalkResult | undefined): void {
    this.#jobs.shift()?.done(result);
    this.#next();
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
  }
}
