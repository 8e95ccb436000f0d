/** Delay before the next start of a supervised process, and the record that it is computed from. */
export interface RestartState {
  /** Starts in a row that did not last. */
  readonly failures: number;
}

export interface RestartPolicy {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** A run of at least this long wipes the record. */
  readonly stableAfterMs: number;
}

export const CONTAINERD_RESTART: RestartPolicy = { initialDelayMs: 250, maxDelayMs: 10_000, stableAfterMs: 30_000 };

export const FRESH_RESTART_STATE: RestartState = { failures: 0 };

/** The process ended after `ranMs`: how long to wait, doubling from the initial delay to the largest. */
export function nextRestart(
  policy: RestartPolicy,
  state: RestartState,
  ranMs: number,
): { readonly state: RestartState; readonly delayMs: number } {
  const failures = ranMs >= policy.stableAfterMs ? 0 : state.failures;
  const delayMs = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** Math.min(failures, 30));
  return { state: { failures: failures + 1 }, delayMs };
}
