/** Time. The only way in which the agent learns what time it is or waits; the simulator puts a virtual one here. */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock; may jump either way. For what is shown or compared with other clocks. */
  now(): number;
  /** Milliseconds from an arbitrary start that never goes back. For durations, deadlines and back-off. */
  monotonic(): number;
  /** Resolves `true` after `ms` (at least), or `false` as soon as `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Calls `run` once after `ms` unless cancelled. `run` must not throw. */
  after(ms: number, run: () => void): Cancel;
}

/** Cancels a pending timer; calling it again, or after the timer has run, does nothing. */
export type Cancel = () => void;
