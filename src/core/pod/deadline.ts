import { parseTime } from "../api/time.ts";
import type { Pod, PodStatus } from "../api/types.ts";

/** `exceeded`: the pod is to be ended with this status; the reason and message are also those of the event (Normal). */
export interface ActiveDeadline {
  /** Milliseconds to go, at least 0. */
  readonly remainingMs: number;
  readonly exceeded?: { readonly reason: "DeadlineExceeded"; readonly message: string };
}

const EXCEEDED = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
} as const;

/**
 * How the pod stands to its activeDeadlineSeconds; `undefined`: it has none, or has not started. `status`: the agent's
 * own last one, absent: `pod.status` counts. Source: kubelet active_deadline.go.
 */
export function activeDeadline(pod: Pod, status: PodStatus | undefined, nowMs: number): ActiveDeadline | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const startedAtMs = parseTime((status ?? pod.status)?.startTime);
  if (typeof seconds !== "number" || startedAtMs === undefined) return undefined;
  const remainingMs = startedAtMs + seconds * 1000 - nowMs;
  return remainingMs > 0 ? { remainingMs } : { remainingMs: 0, exceeded: EXCEEDED };
}
