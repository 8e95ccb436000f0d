/** Which pods are static, mirrored or critical. Source: kubelet types/pod_update.go. */
import type { Pod } from "../api/types.ts";

/** Where the agent got the pod from: "file", "http" or "api"; absent means unknown, which counts as API. */
export const CONFIG_SOURCE_ANNOTATION = "kubernetes.io/config.source";
export const CONFIG_MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
/** Pods of this priority or a higher one are critical. */
export const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** Whether the pod came from a file or a URL and not from the API. */
export function isStaticPod(pod: Pod): boolean {
  const source = pod.metadata?.annotations?.[CONFIG_SOURCE_ANNOTATION];
  return source !== undefined && source !== "api";
}

/** Whether the pod is the API object that stands for a static pod. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata?.annotations?.[CONFIG_MIRROR_ANNOTATION] !== undefined;
}

/** Whether the pod is never evicted and may preempt others: static, mirrored or of a system priority. */
export function isCriticalPod(pod: Pod): boolean {
  const priority = pod.spec?.priority;
  return isStaticPod(pod) || isMirrorPod(pod) || (priority !== undefined && priority >= SYSTEM_CRITICAL_PRIORITY);
}

/** Whether the node cannot do without the pod: critical, with the priority class `system-node-critical`. */
export function isNodeCriticalPod(pod: Pod): boolean {
  return isCriticalPod(pod) && pod.spec?.priorityClassName === "system-node-critical";
}
