import type { Pod } from "../api/types.ts";
import { formatGoDuration } from "../config/go-duration.ts";
import { podText } from "../pod/names.ts";
import type { RuntimePodStatus } from "../pod/runtime-status.ts";
import { type BackoffConfig, type BackoffState, backoffDelayMs, isInBackoffSince, nextBackoff } from "./backoff.ts";

export interface RestartBackoffInput {
  readonly config: BackoffConfig;
  readonly pod: Pod;
  readonly containerName: string;
  /** Hash of the container's spec: a changed container starts with a clean record. */
  readonly containerHash: string;
  readonly podStatus: Pick<RuntimePodStatus, "containerStatuses">;
  readonly nowMs: number;
}

export type RestartBackoffDecision =
  | { readonly kind: "start"; readonly state: BackoffState }
  | {
      readonly kind: "wait";
      readonly state: BackoffState;
      readonly reason: "CrashLoopBackOff";
      readonly message: string;
      /** Text of the event (Warning, BackOff). */
      readonly eventMessage: string;
      /** When the back-off is over, in milliseconds since 1970. */
      readonly untilMs: number;
    };

/**
 * May a container start now? The delay counts from the end of its newest exited instance; a container that never
 * exited starts at once. Starting after an exit makes the next delay longer, whether the start works or not.
 * Source: kubelet kuberuntime_manager.go doBackOff.
 */
export function restartBackoff(state: BackoffState, input: RestartBackoffInput): RestartBackoffDecision {
  const { config, containerName, nowMs } = input;
  const exited = input.podStatus.containerStatuses.find(
    (status) => status.name === containerName && status.state === "CONTAINER_EXITED",
  );
  if (exited === undefined) return { kind: "start", state };
  const key = restartBackoffKey(input);
  const eventAtMs = exited.finishedAtMs;
  if (!isInBackoffSince(config, state, key, eventAtMs, nowMs)) {
    return { kind: "start", state: nextBackoff(config, state, key, eventAtMs, nowMs) };
  }
  const delayMs = backoffDelayMs(state, key);
  const pod = podText(input.pod);
  return {
    kind: "wait",
    state,
    reason: "CrashLoopBackOff",
    message: `back-off ${formatGoDuration(delayMs * 1e6)} restarting failed container=${containerName} pod=${pod}`,
    eventMessage: `Back-off restarting failed container ${containerName} in pod ${pod}`,
    untilMs: eventAtMs + delayMs,
  };
}

/** Key of a container's record. Source: kubelet kuberuntime/helpers.go getStableKey. */
export function restartBackoffKey(input: Pick<RestartBackoffInput, "pod" | "containerName" | "containerHash">): string {
  const { name = "", namespace = "", uid = "" } = input.pod.metadata ?? {};
  return [name, namespace, uid, input.containerName, input.containerHash].join("_");
}
