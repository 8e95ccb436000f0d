/**
 * Joins a freshly generated pod status with the stored one: transition times of conditions and the start time.
 * Source: kubelet status_manager.go updateStatusInternal, updateLastTransitionTime.
 */

import { formatTime } from "../api/time.ts";
import type { PodCondition, PodStatus } from "../api/types.ts";

export function mergePodStatus(stored: PodStatus | undefined, next: PodStatus, nowMs: number): PodStatus {
  const now = formatTime(nowMs);
  const conditions = next.conditions?.map((condition) => withTransitionTime(condition, stored, now));
  return {
    ...next,
    startTime: stored?.startTime ?? next.startTime ?? now,
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** The time of the last change of the condition's status; a condition that was not there changes now. */
function withTransitionTime(condition: PodCondition, stored: PodStatus | undefined, now: string): PodCondition {
  const before = stored?.conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now;
  return { ...condition, lastTransitionTime };
}
