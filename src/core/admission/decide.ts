/** Whether a node lets a pod in. Source: kubelet lifecycle/predicate.go Admit, scheduler AdmissionCheck (1.33). */
import type { Pod } from "../api/types.ts";
import { isCriticalPod, isStaticPod } from "../pod/critical.ts";
import { toleratesTaint } from "../pod/tolerates.ts";
import type { PodDemand } from "./demand.ts";
import { type Shortage, shortages } from "./fit.ts";
import { hostPortsConflict } from "./host-ports.ts";
import type { AdmissionNode } from "./node.ts";
import { choosesNode } from "./node-affinity.ts";
import { OS_LABEL } from "./node-labels.ts";
import { choosePreempted } from "./preempt.ts";
import {
  OS_FIELD_REFUSAL,
  OS_LABEL_REFUSAL,
  predicateRefusal,
  preemptionRefusal,
  type Refusal,
  shortageRefusal,
} from "./reasons.ts";

/** A pod that was let in and has not ended. */
export interface PodInside {
  readonly pod: Pod;
  readonly demand: PodDemand;
  /** It is being ended: its room is about to become free. */
  readonly isEnding: boolean;
}

export interface AdmissionInput {
  readonly node: AdmissionNode;
  readonly pod: Pod;
  readonly demand: PodDemand;
  /** All others, without one of the same name that this pod replaces. */
  readonly inside: readonly PodInside[];
}

/**
 * `wait`: there is room as soon as these pods, which are ending, have ended. `preempt`: there is room once these pods are
 * ended (and those that are ending).
 */
export type AdmissionDecision =
  | { readonly verdict: "admit" }
  | { readonly verdict: "wait"; readonly for: readonly Pod[] }
  | { readonly verdict: "preempt"; readonly victims: readonly Pod[] }
  | ({ readonly verdict: "refuse" } & Refusal);

/**
 * Source of the order: the kubelet looks at what preemption cannot help first, and names the first of all reasons.
 * Differs: room of pods that are ending is waited for; the kubelet counts it as taken.
 */
export function decideAdmission(input: AdmissionInput): AdmissionDecision {
  const unfit = osRefusal(input);
  if (unfit !== undefined) return { verdict: "refuse", ...unfit };
  const now = failures(input, input.inside);
  if (isFine(now)) return { verdict: "admit" };
  const ending = input.inside.filter(({ isEnding }) => isEnding);
  const staying = input.inside.filter(({ isEnding }) => !isEnding);
  const later = ending.length === 0 ? now : failures(input, staying);
  if (isFine(later)) return { verdict: "wait", for: ending.map(({ pod }) => pod) };
  if (isCriticalPod(input.pod)) return makeRoom(input.pod, staying, later);
  const [shortage] = now.shortages;
  const [first] = shortage === undefined ? now.others : [shortageRefusal(shortage)];
  return { verdict: "refuse", ...(first ?? predicateRefusal("NodePorts")) };
}

/** A critical pod is refused for anything but lack of resources; that is made good. Source: HandleAdmissionFailure. */
function makeRoom(pod: Pod, staying: readonly PodInside[], { shortages: short, others }: Failures): AdmissionDecision {
  const [refusal] = others;
  if (refusal !== undefined) return { verdict: "refuse", ...refusal };
  const requirements = short.map(({ resource, requested, used, capacity }) => ({
    resource,
    amount: requested - (capacity - used),
  }));
  const preemption = choosePreempted(
    pod,
    staying.map((inside) => inside.pod),
    requirements,
  );
  if (preemption.victims !== undefined) return { verdict: "preempt", victims: preemption.victims };
  return { verdict: "refuse", ...preemptionRefusal(preemption.missing) };
}

/** Source: rejectPodAdmissionBasedOnOSSelector (it looks at the pod's label), rejectPodAdmissionBasedOnOSField. */
function osRefusal({ pod }: AdmissionInput): Refusal | undefined {
  const label = pod.metadata?.labels?.[OS_LABEL];
  if (label !== undefined && label !== "linux") return OS_LABEL_REFUSAL;
  const os = pod.spec?.os?.name;
  return os !== undefined && os !== "linux" ? OS_FIELD_REFUSAL : undefined;
}

interface Failures {
  readonly shortages: readonly Shortage[];
  readonly others: readonly Refusal[];
}

function isFine({ shortages: short, others }: Failures): boolean {
  return short.length === 0 && others.length === 0;
}

function failures({ node, pod, demand }: AdmissionInput, inside: readonly PodInside[]): Failures {
  const others: Refusal[] = [];
  const { nodeName } = pod.spec ?? {};
  if (!choosesNode(pod, node)) others.push(predicateRefusal("NodeAffinity"));
  if (nodeName && nodeName !== node.name) others.push(predicateRefusal("NodeName"));
  if (inside.some((other) => hostPortsConflict(demand.hostPorts, other.demand.hostPorts))) {
    others.push(predicateRefusal("NodePorts"));
  }
  if (!isStaticPod(pod) && hasUntoleratedTaint(node, pod)) others.push(predicateRefusal("TaintToleration"));
  const amounts = inside.map((other) => other.demand.amounts);
  return { shortages: shortages(node.allocatable, demand.amounts, amounts), others };
}

/** Of taints NoExecute alone: the others are the scheduler's. */
function hasUntoleratedTaint({ taints }: AdmissionNode, { spec }: Pod): boolean {
  const tolerations = spec?.tolerations ?? [];
  const bound = taints.filter(({ effect }) => effect === "NoExecute");
  return !bound.every((taint) => tolerations.some((toleration) => toleratesTaint(toleration, taint)));
}
