import type { Pod } from "../api/types.ts";

/** No pod is killed with less than this, so that 0 never reaches the runtime, but where every millisecond counts. */
const MINIMUM_SECONDS = 1;

/**
 * Grace of a terminating pod: the shortest of the one in force, the deletion's and the one this kill asks for; the
 * spec's where none of them is there. Source: kubelet pod_workers.go calculateEffectiveGracePeriod. Differs: a kill that
 * asks for 0 gets the minimum; the 1.26 kubelet takes 0 for "not asked" and lets a hard eviction wait for the full grace.
 * `atOnce`: no grace at all, nor later on; a hard eviction that waits lets its victim take what is left of the node.
 */
export function effectiveGraceSeconds(
  current: number | undefined,
  pod: Pod,
  requested: number | undefined,
  runtimeOnly: boolean,
  atOnce: boolean,
): number {
  if (atOnce || current === 0) return 0;
  const asked = [current, pod.metadata?.deletionGracePeriodSeconds, requested].filter((s) => typeof s === "number");
  if (asked.length > 0) return Math.max(Math.min(...asked), MINIMUM_SECONDS);
  const own = runtimeOnly ? undefined : pod.spec?.terminationGracePeriodSeconds;
  return Math.max(own ?? MINIMUM_SECONDS, MINIMUM_SECONDS);
}
