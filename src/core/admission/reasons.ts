/** Why pods are refused, in the kubelet's words. Source: kubelet lifecycle/predicate.go, scheduler plugins (1.33). */
import type { PodStatus } from "../api/types.ts";
import type { Shortage } from "./fit.ts";

/** A pod that is refused is Failed with this reason; `message` is the event's. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

const PREDICATES = {
  NodeAffinity: "node(s) didn't match Pod's node affinity/selector",
  NodeName: "node(s) didn't match the requested node name",
  NodePorts: "node(s) didn't have free ports for the requested pod ports",
  TaintToleration: "node(s) had taints that the pod didn't tolerate",
} as const;

export type Predicate = keyof typeof PREDICATES;

export const OS_LABEL_REFUSAL: Refusal = {
  reason: "PodOSSelectorNodeLabelDoesNotMatch",
  message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
};

export const OS_FIELD_REFUSAL: Refusal = {
  reason: "PodOSNotSupported",
  message: "Failed to admit pod as the OS field doesn't match node OS",
};

/** The status reason and event reason of a pod that had to make room for a critical one. */
export const PREEMPTED_REASON = "Preempting";
export const PREEMPTED_MESSAGE = "Preempted in order to admit critical pod";

const EVICTED_REASON = "Evicted";
const OUT_OF = "OutOf";

/**
 * Whether the pod was refused before it had a container, or had to make room: it may be let in later as if it were new.
 * Who was evicted, or refused under pressure, is eviction's to bring back.
 */
export function isOutOfRoom(status: PodStatus | undefined): boolean {
  if (status?.phase !== "Failed" || status.reason === EVICTED_REASON) return false;
  return status.reason === PREEMPTED_REASON || status.containerStatuses === undefined;
}

export function predicateRefusal(predicate: Predicate): Refusal {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${PREDICATES[predicate]}` };
}

export function shortageRefusal({ resource, requested, used, capacity }: Shortage): Refusal {
  const figures = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `${OUT_OF}${resource}`, message: `Node didn't have enough resource: ${resource}, ${figures}` };
}

/** Room cannot be made. Source: kubelet preemption/preemption.go getPodsToPreempt. */
export function preemptionRefusal(missing: readonly Requirement[]): Refusal {
  const list = missing.map(({ resource, amount }) => `(res: ${resource}, q: ${amount}), `).join("");
  const cause = `preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${list}]`;
  return {
    reason: "UnexpectedAdmissionError",
    message: `Unexpected error while attempting to recover from admission failure: ${cause}`,
  };
}

/** How much of a resource has to become free. */
export interface Requirement {
  readonly resource: string;
  readonly amount: number;
}
