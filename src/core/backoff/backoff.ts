/** Bounds of a back-off, in milliseconds. */
export interface BackoffConfig {
  readonly initialMs: number;
  readonly maxMs: number;
  /** What each delay is multiplied by; default 2. */
  readonly factor?: number;
}

export interface BackoffEntry {
  /** Delay that is in force. */
  readonly delayMs: number;
  /** When the delay was set. */
  readonly updatedAtMs: number;
}

/** Delays by key; a key without an entry has never failed, or not for a long time. */
export type BackoffState = Readonly<Record<string, BackoffEntry>>;

export const EMPTY_BACKOFF: BackoffState = {};

/** What the kubelet uses for crash loops and image pulls: 10 s doubling to 5 minutes. */
export const KUBELET_BACKOFF: BackoffConfig = { initialMs: 10_000, maxMs: 300_000 };

/** For crash loops with the feature gate ReduceDefaultCrashLoopBackOffDecay: 1 s doubling to a minute. */
export const REDUCED_BACKOFF: BackoffConfig = { initialMs: 1_000, maxMs: 60_000 };

/** The key's delay in milliseconds; 0: no entry. Source: client-go flowcontrol Backoff.Get. */
export function backoffDelayMs(state: BackoffState, key: string): number {
  return entryOf(state, key)?.delayMs ?? 0;
}

/**
 * A failure at `eventAtMs`: the delay starts at the initial one, or doubles up to the maximum. An event that lies more
 * than twice the maximum after the last update starts anew. Source: client-go flowcontrol Backoff.Next, without jitter.
 */
export function nextBackoff(
  config: BackoffConfig,
  state: BackoffState,
  key: string,
  eventAtMs: number,
  nowMs: number,
): BackoffState {
  const entry = entryOf(state, key);
  const fresh = entry === undefined || isExpired(config, entry, eventAtMs);
  const delayMs = fresh ? config.initialMs : Math.min(entry.delayMs * (config.factor ?? 2), config.maxMs);
  return { ...state, [key]: { delayMs, updatedAtMs: nowMs } };
}

/** Is `nowMs` within the key's delay counted from the event? Source: Backoff.IsInBackOffSince. */
export function isInBackoffSince(
  config: BackoffConfig,
  state: BackoffState,
  key: string,
  eventAtMs: number,
  nowMs: number,
): boolean {
  const entry = entryOf(state, key);
  if (entry === undefined || isExpired(config, entry, eventAtMs)) return false;
  return nowMs - eventAtMs < entry.delayMs;
}

/** Is the event within the key's delay counted from the last update? Source: Backoff.IsInBackOffSinceUpdate. */
export function isInBackoffSinceUpdate(
  config: BackoffConfig,
  state: BackoffState,
  key: string,
  eventAtMs: number,
): boolean {
  const entry = entryOf(state, key);
  if (entry === undefined || isExpired(config, entry, eventAtMs)) return false;
  return eventAtMs - entry.updatedAtMs < entry.delayMs;
}

/** Source: Backoff.Reset. */
export function resetBackoff(state: BackoffState, key: string): BackoffState {
  const { [key]: _, ...others } = state;
  return others;
}

/** Drops keys that were not updated for more than twice the maximum. Source: Backoff.GC. */
export function collectBackoff(config: BackoffConfig, state: BackoffState, nowMs: number): BackoffState {
  return Object.fromEntries(Object.entries(state).filter(([, entry]) => !isExpired(config, entry, nowMs)));
}

function isExpired(config: BackoffConfig, entry: BackoffEntry, atMs: number): boolean {
  return atMs - entry.updatedAtMs > config.maxMs * 2;
}

function entryOf(state: BackoffState, key: string): BackoffEntry | undefined {
  return Object.hasOwn(state, key) ? state[key] : undefined;
}
