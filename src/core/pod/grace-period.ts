import type { Container, Pod } from "../api/types.ts";

/** Why a container is killed; "": no reason of its own (the spec changed, the pod ends). Source: kubelet containerKillReason. */
export type KillReason = "" | "StartupProbe" | "LivenessProbe" | "FailedPostStartHook" | "Unknown";

/** Least time that a container gets between the stop signal and SIGKILL. Source: kubelet minimumGracePeriodInSeconds. */
export const MINIMUM_GRACE_SECONDS = 2;

/**
 * Seconds a container has to end, before the pre-stop hook and the minimum: the grace of the deletion, else (where the
 * pod has one at all) that of the failed probe, else the pod's, else the minimum. 0 is kept.
 * Source: kubelet kuberuntime_container.go setTerminationGracePeriod.
 */
export function gracePeriodSeconds(pod: Pod, container: Container, reason: KillReason): number {
  const deletion = pod.metadata?.deletionGracePeriodSeconds;
  if (typeof deletion === "number") return deletion;
  const own = pod.spec?.terminationGracePeriodSeconds;
  if (typeof own !== "number") return MINIMUM_GRACE_SECONDS;
  if (reason === "StartupProbe") return container.startupProbe?.terminationGracePeriodSeconds ?? own;
  if (reason === "LivenessProbe") return container.livenessProbe?.terminationGracePeriodSeconds ?? own;
  return own;
}

export interface KillGraceInput {
  /** From `gracePeriodSeconds`. */
  readonly graceSeconds: number;
  /** Of whoever ends the pod (eviction, deletion, shutdown); absent: none. */
  readonly overrideSeconds?: number;
  readonly hasPreStopHook: boolean;
}

export interface KillGrace {
  /** Seconds the pre-stop hook may take; absent: the hook does not run. */
  readonly preStopSeconds?: number;
  /** Time for the whole kill. */
  readonly totalSeconds: number;
}

/**
 * Time for one kill as a whole: an override replaces the own grace, and a hook runs only where time is left for it.
 * Source: kubelet kuberuntime_container.go killContainer. Differs from 1.26, where the override is applied after the
 * hook and below the minimum: there an evicted pod's hook holds up the eviction for the pod's full grace (mended in 1.27).
 */
export function killGrace({ graceSeconds, overrideSeconds, hasPreStopHook }: KillGraceInput): KillGrace {
  const totalSeconds = overrideSeconds ?? graceSeconds;
  return hasPreStopHook && totalSeconds > 0 ? { totalSeconds, preStopSeconds: totalSeconds } : { totalSeconds };
}

/** Seconds to hand to the runtime's stop call once the hook has taken `hookSeconds` (whole seconds), at least the minimum. */
export function stopSeconds(totalSeconds: number, hookSeconds: number): number {
  return Math.max(totalSeconds - hookSeconds, MINIMUM_GRACE_SECONDS);
}
