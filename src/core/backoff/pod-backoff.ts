/** The crash-loop curve that one pod asks for by its annotations, in place of the node's (kubernetes#57291). */
import type { ObjectMeta } from "../api/types.ts";
import { parseGoDuration } from "../config/go-duration.ts";
import type { BackoffConfig } from "./backoff.ts";

/** First delay, "1s" to "24h". */
export const BACKOFF_INITIAL_ANNOTATION = "tskubelet.dev/crash-loop-back-off-initial";
/** Longest delay, "1s" to "24h". */
export const BACKOFF_MAX_ANNOTATION = "tskubelet.dev/crash-loop-back-off-max";
/** What each delay is multiplied by, 1 to 10. */
export const BACKOFF_FACTOR_ANNOTATION = "tskubelet.dev/crash-loop-back-off-factor";

export interface PodBackoff {
  readonly config: BackoffConfig;
  /** Annotations that say nothing usable; the node's values are in their place. */
  readonly problems: readonly BackoffProblem[];
}

export interface BackoffProblem {
  readonly annotation: string;
  readonly value: string;
  readonly message: string;
}

const MIN_MS = 1_000;
const MAX_MS = 24 * 3_600_000;
const MAX_FACTOR = 10;

/** A first delay above the longest one counts as the longest. */
export function podBackoff(node: BackoffConfig, metadata: ObjectMeta | undefined): PodBackoff {
  const annotations = metadata?.annotations ?? {};
  const problems: BackoffProblem[] = [];
  const read = (annotation: string, parse: (text: string) => number | undefined, message: string) => {
    const value = annotations[annotation];
    if (value === undefined) return undefined;
    const number = parse(value);
    if (number === undefined) problems.push({ annotation, value, message });
    return number;
  };
  const duration = 'must be a duration from "1s" to "24h"';
  const initial = read(BACKOFF_INITIAL_ANNOTATION, parseDelay, duration);
  const max = read(BACKOFF_MAX_ANNOTATION, parseDelay, duration);
  const factor = read(BACKOFF_FACTOR_ANNOTATION, parseFactor, "must be a number from 1 to 10");
  const maxMs = max ?? Math.max(node.maxMs, initial ?? 0);
  const config = {
    ...node,
    initialMs: Math.min(initial ?? node.initialMs, maxMs),
    maxMs,
    ...(factor !== undefined && { factor }),
  };
  return { config, problems };
}

function parseDelay(text: string): number | undefined {
  const ms = (parseGoDuration(text) ?? Number.NaN) / 1e6;
  return ms >= MIN_MS && ms <= MAX_MS ? ms : undefined;
}

function parseFactor(text: string): number | undefined {
  if (!/^\d{1,2}(\.\d{1,3})?$/.test(text)) return undefined;
  const factor = Number(text);
  return factor >= 1 && factor <= MAX_FACTOR ? factor : undefined;
}
