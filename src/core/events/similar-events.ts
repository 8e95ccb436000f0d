/**
 * Keeps events whose words differ each time (the output of a probe) from filling the list of events: after so many
 * within so long a time the next ones become one event that is counted.
 * Source: client-go tools/record/events_cache.go EventAggregator.
 */

/** What is remembered of events that are alike but for their message. */
export interface SimilarEvents {
  /** Different messages since they began to come. */
  readonly messages: readonly string[];
  readonly lastAtMs: number;
}

/** By what makes events alike, the one that came last at the end. */
export type SimilarEventsState = ReadonlyMap<string, SimilarEvents>;

export const NO_SIMILAR_EVENTS: SimilarEventsState = new Map();

/** Put before the message of the newest of many. */
export const COMBINED_PREFIX = "(combined from similar events): ";

/** So many messages are told one by one. */
const MAX_MESSAGES = 10;
/** After so long a pause they begin anew. */
const INTERVAL_MS = 600_000;
const MAX_KINDS = 4_096;

/**
 * The message to record for an event of this kind. Every message is remembered; one that was told by itself before stays
 * itself, so that its count goes on.
 */
export function combineSimilar(
  state: SimilarEventsState,
  event: { readonly key: string; readonly message: string; readonly nowMs: number },
): { readonly state: SimilarEventsState; readonly message: string } {
  const { key, message, nowMs } = event;
  const known = state.get(key);
  const before = known !== undefined && nowMs - known.lastAtMs <= INTERVAL_MS ? known.messages : [];
  const isKnown = before.includes(message);
  const isFull = before.length >= MAX_MESSAGES;
  const messages = isKnown || isFull ? before : [...before, message];
  const next = new Map(state);
  next.delete(key);
  next.set(key, { messages, lastAtMs: nowMs });
  const [oldest] = next.keys();
  if (next.size > MAX_KINDS && oldest !== undefined) next.delete(oldest);
  return { state: next, message: isFull && !isKnown ? COMBINED_PREFIX + message : message };
}
