import type { Clock } from "../../ports/clock.ts";

/** A command that still runs by then waits for something, and no longer for the CPU. */
const HOLD_MS = 1_000;

/**
 * Lets so many commands start at a time, in the order in which they came: starting one costs far more than it asks for.
 * Differs: the kubelet starts all that are due at once.
 */
export class ExecSlots {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(clock: Clock, atATime: number) {
    this.#clock = clock;
    this.#free = atATime;
  }

  /** Waits for its turn and runs. Rejects as `run` does, or, while it waits, with the reason of `signal`. */
  async run<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      cancel();
      this.#free += 1;
      const [next] = this.#waiting;
      next?.();
    };
    const cancel = this.#clock.after(HOLD_MS, release);
    try {
      return await run();
    } finally {
      release();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const start = () => {
        signal.removeEventListener("abort", leave);
        this.#waiting.delete(start);
        this.#free -= 1;
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(start);
        reject(signal.reason);
      };
      if (this.#free > 0) return start();
      this.#waiting.add(start);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
