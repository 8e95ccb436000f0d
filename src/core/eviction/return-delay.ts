import { KUBELET_BACKOFF } from "../backoff/backoff.ts";

/** Evictions that are older than this are forgiven. */
const MEMORY_MS = 2 * KUBELET_BACKOFF.maxMs;

/**
 * How long after its last eviction a standalone pod stays away, whatever the pressure: 10 s, doubled by each further
 * eviction of the last ten minutes, up to five minutes. Times are milliseconds; those of the future do not count.
 */
export function returnDelayMs(evictedAtMs: readonly number[], nowMs: number): number {
  const recent = evictedAtMs.filter((atMs) => atMs <= nowMs && nowMs - atMs < MEMORY_MS).length;
  if (recent === 0) return 0;
  return Math.min(KUBELET_BACKOFF.initialMs * 2 ** (recent - 1), KUBELET_BACKOFF.maxMs);
}
