/** Why pods are refused, in the kubelet's words. Source: kubelet lifecycle/predicate.go, scheduler plugins (1.33). */
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

const OUT_OF = "OutOf";
const REASONS: ReadonlySet<string> = new Set([
  ...Object.keys(PREDICATES),
  OS_LABEL_REFUSAL.reason,
  OS_FIELD_REFUSAL.reason,
  "UnexpectedAdmissionError",
]);

/** Whether a pod status of that reason says that the pod was refused by what `decideAdmission` checks. */
export function isRefusalReason(reason: string | undefined): boolean {
  return reason !== undefined && (REASONS.has(reason) || reason.startsWith(OUT_OF));
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
