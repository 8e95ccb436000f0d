import type { MemoryAlarm } from "../../ports/pressure-signals.ts";

/** The part of an alarm that every kind of it has: it goes off, and whoever waits is told once. */
export class AlarmBell {
  #rang = false;
  #isClosed = false;
  #waiting: ((rang: boolean) => void) | undefined;

  ring(): void {
    this.#rang = true;
    this.#settle();
  }

  /** Nobody waits any more, nor will. */
  end(): void {
    this.#isClosed = true;
    this.#settle();
  }

  /** And nobody has heard it yet. */
  get hasRung(): boolean {
    return this.#rang;
  }

  get hasEnded(): boolean {
    return this.#isClosed;
  }

  wait(signal: AbortSignal): ReturnType<MemoryAlarm["wait"]> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const onAbort = () => this.#waiting?.(false);
      this.#waiting = (rang) => {
        this.#waiting = undefined;
        signal.removeEventListener("abort", onAbort);
        resolve(rang);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#waiting === undefined || !(this.#rang || this.#isClosed)) return;
    const rang = this.#rang && !this.#isClosed;
    this.#rang = false;
    this.#waiting(rang);
  }
}
