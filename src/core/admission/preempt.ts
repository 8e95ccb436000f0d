/** Who has to go so that a critical pod gets its requests. Source: kubelet preemption/preemption.go. */
import type { Pod } from "../api/types.ts";
import { isCriticalPod } from "../pod/critical.ts";
import { qosClass } from "../pod/qos.ts";
import { podRequest } from "../pod/resources.ts";
import type { Requirement } from "./reasons.ts";

/** `missing`: what all pods that may go together could not free. */
export type Preemption =
  | { readonly victims: readonly Pod[] }
  | { readonly victims?: never; readonly missing: readonly Requirement[] };

/**
 * The fewest pods that free `requirements`, guaranteed pods spared first, then burstable ones, then the least that
 * others ask for; best effort pods free nothing but their place. Differs: equal pods are taken by UID, not by chance.
 */
export function choosePreempted(
  preemptor: Pod,
  pods: readonly Pod[],
  requirements: readonly Requirement[],
): Preemption {
  const candidates = pods.filter((pod) => isPreemptable(preemptor, pod)).toSorted(byUid);
  const missing = subtract(requirements, candidates);
  if (missing.length > 0) return { missing };
  const of = (qos: ReturnType<typeof qosClass>) => candidates.filter((pod) => qosClass(pod) === qos);
  const [bestEffort, burstable, guaranteed] = [of("BestEffort"), of("Burstable"), of("Guaranteed")];
  const chosenGuaranteed = closest(guaranteed, subtract(requirements, [...bestEffort, ...burstable]));
  const chosenBurstable = closest(burstable, subtract(requirements, [...bestEffort, ...chosenGuaranteed]));
  const chosenBestEffort = closest(bestEffort, subtract(requirements, [...chosenBurstable, ...chosenGuaranteed]));
  return { victims: [...chosenBestEffort, ...chosenBurstable, ...chosenGuaranteed] };
}

/** Whether `pod` may be ended for `preemptor`. Source: kubelet types/pod_update.go Preemptable. */
export function isPreemptable(preemptor: Pod, pod: Pod): boolean {
  if (isCriticalPod(preemptor) && !isCriticalPod(pod)) return true;
  const [higher, lower] = [preemptor.spec?.priority, pod.spec?.priority];
  return higher !== undefined && lower !== undefined && higher > lower;
}

/** Again and again the pod that comes nearest to what is still required; all of them where that is not enough. */
function closest(pods: readonly Pod[], requirements: readonly Requirement[]): readonly Pod[] {
  const chosen: Pod[] = [];
  let left = pods;
  let open = requirements;
  while (open.length > 0 && left.length > 0) {
    const now = open;
    const best = left.reduce((a, b) => (isNearer(b, a, now) ? b : a));
    chosen.push(best);
    left = left.filter((pod) => pod !== best);
    open = subtract(open, [best]);
  }
  return chosen;
}

function isNearer(pod: Pod, than: Pod, requirements: readonly Requirement[]): boolean {
  const [a, b] = [distance(pod, requirements), distance(than, requirements)];
  return a < b || (a === b && asksForLess(pod, than));
}

/** Each requirement weighs the same, whatever its size. */
function distance(pod: Pod, requirements: readonly Requirement[]): number {
  return requirements.reduce((sum, { resource, amount }) => {
    const rest = Math.max(0, amount - podRequest(pod, resource));
    return sum + (rest / amount) ** 2;
  }, 0);
}

function asksForLess(pod: Pod, than: Pod): boolean {
  for (const resource of ["memory", "cpu"]) {
    const difference = podRequest(pod, resource) - podRequest(than, resource);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** What is still required once `pods` are gone. */
function subtract(requirements: readonly Requirement[], pods: readonly Pod[]): readonly Requirement[] {
  return requirements.flatMap(({ resource, amount }) => {
    const rest = pods.reduce((left, pod) => left - podRequest(pod, resource), amount);
    return rest > 0 ? [{ resource, amount: rest }] : [];
  });
}

function byUid(a: Pod, b: Pod): number {
  return (a.metadata?.uid ?? "") < (b.metadata?.uid ?? "") ? -1 : 1;
}
