/** What events say of a kill. */
import type { OomKill } from "./oom-messages.ts";
import { cgroupOwner } from "./oom-place.ts";

/** Who the victim belonged to, as people know it; absent: to no pod, or its container is not known yet. */
export interface OomVictim {
  /** `namespace/name`. */
  readonly pod?: string;
  readonly container?: string;
}

export const SYSTEM_OOM = "SystemOOM";
/** The word of node-problem-detector for it; the kubelet has no event about a pod. */
export const OOM_KILLING = "OOMKilling";

/**
 * The node's event. Source: kubelet oom/oom_watcher_linux.go.
 * Differs: names the pod and the container when the victim was in one.
 */
export function systemOomMessage({ process, pid }: OomKill, { pod, container }: OomVictim): string {
  const victim = process !== "" && pid !== 0 ? `, victim process: ${process}, pid: ${pid}` : "";
  const place = `${pod === undefined ? "" : `, pod: ${pod}`}${container === undefined ? "" : `, container: ${container}`}`;
  return `System OOM encountered${victim}${place}`;
}

/** The pod's event. The same again is counted, so nothing is in it that differs from kill to kill. */
export function podOomMessage(kill: OomKill, { container }: OomVictim): string {
  const place = container === undefined ? "in the pod" : `in container ${container}`;
  return `${shortage(kill)}: the kernel killed process ${kill.process} ${place}`;
}

function shortage({ scope, limitCgroup, victimCgroup }: OomKill): string {
  if (scope === "system") return "The node ran out of memory";
  if (limitCgroup === undefined || victimCgroup === undefined) return "A memory limit was reached";
  const limit = cgroupOwner(limitCgroup);
  if (limit.containerId !== undefined) return "The container reached its memory limit";
  return limit.podUid === undefined
    ? "All pods together reached their memory limit"
    : "The pod reached its memory limit";
}
