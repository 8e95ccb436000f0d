import { parseTime } from "../api/time.ts";
import type { Pod, PodStatus } from "../api/types.ts";

/** As status reason and as reason of the event (Normal). */
export const DEADLINE_REASON = "DeadlineExceeded";
export const DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline";

/**
 * When the pod's activeDeadlineSeconds are over, in milliseconds since 1970; `undefined`: it has no deadline, or has
 * not started. `status`: the agent's own last one, else `pod.status`. Source: kubelet active_deadline.go.
 */
export function activeDeadlineMs(pod: Pod, status: PodStatus | undefined): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const startedAtMs = parseTime((status ?? pod.status)?.startTime);
  return typeof seconds === "number" && startedAtMs !== undefined ? startedAtMs + seconds * 1000 : undefined;
}

/** Is the pod at or past its deadline? It is then ended with the reason and message above. */
export function isPastActiveDeadline(pod: Pod, status: PodStatus | undefined, nowMs: number): boolean {
  const deadlineMs = activeDeadlineMs(pod, status);
  return deadlineMs !== undefined && nowMs >= deadlineMs;
}
