import type { Cancel, Clock } from "../../ports/clock.ts";

/** Timers that end together. */
export class PendingTimers {
  readonly #clock: Clock;
  readonly #pending = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(delayMs: number, action: () => void): Cancel {
    const cancel = this.#clock.after(delayMs, () => {
      this.#pending.delete(forget);
      action();
    });
    const forget = (): void => {
      this.#pending.delete(forget);
      cancel();
    };
    this.#pending.add(forget);
    return forget;
  }

  cancelAll(): void {
    for (const cancel of this.#pending) cancel();
  }
}
