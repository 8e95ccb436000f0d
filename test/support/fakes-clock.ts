/** A clock that stands still until a test moves it. */
import type { Cancel, Clock } from "../../src/ports/clock.ts";

/** Lets everything go on that can go on without time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  readonly #timers = new Set<Timer>();

  /** `nowMs`: the wall clock at the beginning. */
  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = nowMs;
  }

  now = (): number => this.#monotonicMs + this.#wallOffsetMs;

  monotonic = (): number => this.#monotonicMs;

  after = (ms: number, run: () => void): Cancel => {
    const timer = { atMs: this.#monotonicMs + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  sleep = (ms: number, signal?: AbortSignal): Promise<boolean> => {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const wake = () => {
        cancel();
        resolve(false);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", wake);
        resolve(true);
      });
      signal?.addEventListener("abort", wake, { once: true });
    });
  };

  /** The wall clock is set; time that has passed stays as it is. */
  setWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Time passes; whatever is due happens in its order, each with all that follows from it. */
  async pass(ms: number): Promise<void> {
    await settle();
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#monotonicMs = next.atMs;
      next.run();
      await settle();
    }
    this.#monotonicMs = endMs;
    await settle();
  }
}
