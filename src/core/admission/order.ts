import { parseTime } from "../api/time.ts";
import type { Pod } from "../api/types.ts";
import { isCriticalPod } from "../pod/critical.ts";

/**
 * The order in which pods that come together are let in: critical ones first, then by priority, then the older first;
 * else as they came. Differs: the kubelet goes by age alone, because a scheduler has sorted its pods.
 */
export function inAdmissionOrder(pods: readonly Pod[]): readonly Pod[] {
  const keys = new Map(pods.map((pod) => [pod, keyOf(pod)] as const));
  return pods.toSorted((a, b) => compare(keys.get(a) ?? [], keys.get(b) ?? []));
}

function keyOf(pod: Pod): readonly number[] {
  const createdAtMs = parseTime(pod.metadata?.creationTimestamp) ?? Number.MAX_SAFE_INTEGER;
  return [isCriticalPod(pod) ? 0 : 1, -(pod.spec?.priority ?? 0), createdAtMs];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
