/**
 * What lies between one agent and its node: every call goes over a line. The line decides when a call arrives, whether
 * it arrives at all and what the agent hears of it; a cut line never answers again. Faults of calls live here alone:
 * the things at the other end just do what they are asked.
 */
import type { Clock } from "../ports/clock.ts";
import { RuntimeError } from "../ports/errors.ts";
import type { VirtualTime } from "./time/virtual-time.ts";

export type PortName =
  | "runtime"
  | "images"
  | "events"
  | "files"
  | "logFiles"
  | "cgroups"
  | "stats"
  | "store"
  | "tokens"
  | "manifests";

/** What becomes of one call. Times in milliseconds. */
export interface Fate {
  /** Until it arrives. */
  readonly requestMs: number;
  /** From the end of its work until the agent hears of it. */
  readonly answerMs: number;
  /** Absent: all goes well. `lost`: done, but told as failed; `twice`: done twice, the second outcome is told. */
  readonly fault?: "fails" | "lost" | "hangs" | "twice";
  /** What the agent hears of a call that fails or whose answer is lost. */
  readonly error?: (call: string) => Error;
}

export const AT_ONCE: Fate = { requestMs: 0, answerMs: 0 };

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The far end's view of whoever waits for its answer. */
export interface Caller {
  /** Nobody waits any more: cancelled, past its deadline, or the agent is gone. */
  readonly gone: boolean;
}

export interface LineHooks {
  /** Told of every call before it goes out; `false` cuts the line instead. */
  onCall(port: PortName, call: string): boolean;
  fateOf(port: PortName, call: string): Fate;
}

export const QUIET_HOOKS: LineHooks = { onCall: () => true, fateOf: () => AT_ONCE };

export class Line {
  readonly #time: VirtualTime;
  readonly #hooks: LineHooks;
  readonly #ends = new Set<() => void>();
  #cut = false;

  constructor(time: VirtualTime, hooks: LineHooks = QUIET_HOOKS) {
    this.#time = time;
    this.#hooks = hooks;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  /** The agent is gone: nothing of it reaches the node any more, and nothing reaches it. */
  cut(): void {
    this.#cut = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }

  /** `end` is called once when the line is cut, unless what it ends is over before: then call what is returned. */
  whileWhole(end: () => void): () => void {
    if (this.#cut) {
      end();
      return () => {};
    }
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Runs `deliver` as something that reaches the agent, unless it is gone. */
  deliver(deliver: () => void): void {
    if (this.#cut) return;
    this.#time.touch();
    deliver();
  }

  /** A call that answers at once, like a write to the agent's own database; `undefined`: the agent is gone. */
  direct<T>(port: PortName, call: string, work: () => T): T | undefined {
    if (!this.#goesOut(port, call)) return undefined;
    const { fault, error } = this.#hooks.fateOf(port, call);
    if (fault === "fails") throw error?.(call) ?? new Error(`${call} failed`);
    const result = work();
    if (fault === "lost") throw error?.(call) ?? new Error(`${call} failed`);
    return result;
  }

  /** `work` runs at the far end when the call arrives; it throws or rejects with what the agent shall hear. */
  call<T>(
    port: PortName,
    call: string,
    work: (caller: Caller) => T | Promise<T>,
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<T> {
    if (!this.#goesOut(port, call)) return new Promise(() => {});
    if (signal?.aborted) return Promise.reject(new RuntimeError("Cancelled", call, "context canceled"));
    const fate = this.#hooks.fateOf(port, call);
    return new Promise<T>((resolve, reject) => {
      const exchange = new Exchange(this, this.#time, call, resolve, reject);
      if (fate.requestMs > 0) this.#time.after(fate.requestMs, () => exchange.arrive(fate, work));
      else exchange.arrive(fate, work);
      exchange.watch(timeoutMs, signal);
    });
  }

  #goesOut(port: PortName, call: string): boolean {
    if (this.#cut) return false;
    if (!this.#hooks.onCall(port, call)) this.cut();
    return !this.#cut;
  }
}

/** One call on its way. */
class Exchange<T> implements Caller {
  readonly #line: Line;
  readonly #time: VirtualTime;
  readonly #call: string;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #open = true;
  #close: () => void = () => {};

  constructor(
    line: Line,
    time: VirtualTime,
    call: string,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#line = line;
    this.#time = time;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get gone(): boolean {
    return !this.#open || this.#line.isCut;
  }

  watch(timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    if (!this.#open) return;
    const fail = (code: "DeadlineExceeded" | "Cancelled", text: string) =>
      this.#answer(() => this.#reject(new RuntimeError(code, this.#call, text)));
    const deadline =
      timeoutMs === undefined
        ? undefined
        : this.#time.after(timeoutMs, () => fail("DeadlineExceeded", "context deadline exceeded"));
    const onAbort = () => fail("Cancelled", "context canceled");
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#close = () => {
      deadline?.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
  }

  arrive(fate: Fate, work: (caller: Caller) => T | Promise<T>): void {
    const { answerMs, fault, error } = fate;
    if (fault === "hangs") return;
    const failure = () => error?.(this.#call) ?? new Error(`${this.#call} failed`);
    const answer = (deliver: () => void) => {
      if (answerMs > 0) this.#time.after(answerMs, () => this.#answer(deliver));
      else this.#answer(deliver);
    };
    if (fault === "fails") {
      answer(() => this.#reject(failure()));
      return;
    }
    const settle = (outcome: () => void) => answer(fault === "lost" ? () => this.#reject(failure()) : outcome);
    const done = (value: T) => settle(() => this.#resolve(value));
    const failed = (reason: unknown) => settle(() => this.#reject(reason));
    try {
      const first = work(this);
      const result = fault === "twice" ? afterFirst(first, () => work(this)) : first;
      if (result instanceof Promise) result.then(done, failed);
      else done(result);
    } catch (reason) {
      failed(reason);
    }
  }

  #answer(deliver: () => void): void {
    if (!this.#open) return;
    this.#open = false;
    this.#close();
    this.#line.deliver(deliver);
  }
}

function afterFirst<T>(first: T | Promise<T>, again: () => T | Promise<T>): T | Promise<T> {
  return first instanceof Promise ? first.then(again, again) : again();
}

/** The clock as the agent at this line sees it: its timers end with it. */
export function clockAt(time: VirtualTime, line: Line): Clock {
  const after: Clock["after"] = (ms, run) => {
    const timer = time.after(ms, () => line.deliver(run));
    return () => timer.cancel();
  };
  return {
    now: () => time.wallMs,
    monotonic: () => time.readMonotonicMs(),
    after,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const wake = () => {
          cancel();
          resolve(false);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener("abort", wake);
          resolve(true);
        });
        signal?.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
