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

/** Put before the message of the newest of many. */
export const COMBINED_PREFIX = "(combined from similar events): ";

/** So many messages are told one by one. */
const MAX_MESSAGES = 10;
/** After so long a pause they begin anew. */
const INTERVAL_MS = 600_000;

/**
 * The message to record for the next event of a kind of which `known` is remembered. Every message is remembered; one that
 * was told by itself before stays itself, so that its count goes on.
 */
export function combineSimilar(
  known: SimilarEvents | undefined,
  { message, nowMs }: { readonly message: string; readonly nowMs: number },
): { readonly similar: SimilarEvents; readonly message: string } {
  const before = known !== undefined && nowMs - known.lastAtMs <= INTERVAL_MS ? known.messages : [];
  const isKnown = before.includes(message);
  const isFull = before.length >= MAX_MESSAGES;
  const messages = isKnown || isFull ? before : [...before, message];
  return { similar: { messages, lastAtMs: nowMs }, message: isFull && !isKnown ? COMBINED_PREFIX + message : message };
}
