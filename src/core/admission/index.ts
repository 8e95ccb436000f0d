/**
 * admission: whether the node lets a pod in - its requests beside those of the others, host ports, selectors, taints,
 * operating system - and who goes so that a critical pod gets room. Reference behaviour is the kubelet's of 1.33.
 * Refuses to know pressure (that is eviction's) and what runs: it gets the pods that are inside and answers a verdict.
 */
export { type AdmissionDecision, type AdmissionInput, decideAdmission, type PodInside } from "./decide.ts";
export { type Amounts, type HostPort, listAmounts, type PodDemand, podDemand } from "./demand.ts";
export { type Shortage, shortages } from "./fit.ts";
export { type AdmissionNode, type AdmissionNodeInput, admissionNode } from "./node.ts";
export { nodeLabels } from "./node-labels.ts";
export { inAdmissionOrder } from "./order.ts";
export { isOutOfRoom, PREEMPTED_MESSAGE, PREEMPTED_REASON, type Refusal } from "./reasons.ts";
