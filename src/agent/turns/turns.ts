import type { Clock } from "../../ports/clock.ts";

export interface TurnsOptions {
  readonly atATime: number;
  /** What still runs by then waits for something, and no longer for the CPU: it counts no more. */
  readonly holdMs: number;
}

interface Waiting {
  readonly rank: number;
  readonly start: () => void;
}

/**
 * Lets so many things run at a time that starting more would make all of them slower. What has waited longest comes
 * first; of a higher rank, before that. One that hangs gives its turn away after a while, so that it delays nobody for long.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #holdMs: number;
  /** Highest rank first, then in the order in which they came. */
  readonly #waiting: Waiting[] = [];
  #free: number;

  constructor(clock: Clock, { atATime, holdMs }: TurnsOptions) {
    this.#clock = clock;
    this.#holdMs = holdMs;
    this.#free = atATime;
  }

  /** Waits for its turn and runs. Rejects as `run` does, or, while it waits, with the reason of `signal`. */
  async run<T>(run: () => Promise<T>, signal: AbortSignal, rank = 0): Promise<T> {
    await this.#turn(signal, rank);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      cancel();
      this.#free += 1;
      this.#waiting[0]?.start();
    };
    const cancel = this.#clock.after(this.#holdMs, release);
    try {
      return await run();
    } finally {
      release();
    }
  }

  #turn(signal: AbortSignal, rank: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting: Waiting = {
        rank,
        start: () => {
          signal.removeEventListener("abort", leave);
          this.#remove(waiting);
          this.#free -= 1;
          resolve();
        },
      };
      const leave = () => {
        this.#remove(waiting);
        reject(signal.reason);
      };
      if (this.#free > 0) return waiting.start();
      const behind = this.#waiting.findIndex((other) => other.rank < rank);
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
