import type { Pod, QosClass } from "../api/types.ts";
import { addQuantities, type Quantity, quantitiesEqual, quantityOrZero, quantitySign } from "../quantity/index.ts";

type Sums = Map<string, Quantity>;
type Resources = Readonly<Record<string, string>> | undefined;

const QOS_RESOURCES = ["cpu", "memory"];

/** Adds the positive CPU and memory entries to `sums` and tells how many there were. */
function addPositive(sums: Sums, resources: Resources): number {
  let count = 0;
  for (const name of QOS_RESOURCES) {
    const quantity = quantityOrZero(resources?.[name]);
    if (quantitySign(quantity) <= 0) continue;
    const sum = sums.get(name);
    sums.set(name, sum === undefined ? quantity : addQuantities(quantity, sum));
    count += 1;
  }
  return count;
}

function requestsMatchLimits(requests: Sums, limits: Sums): boolean {
  if (requests.size !== limits.size) return false;
  return [...requests].every(([name, request]) => {
    const limit = limits.get(name);
    return limit !== undefined && quantitiesEqual(limit, request);
  });
}

/**
 * The QoS class that the pod's CPU and memory requests and limits give; init containers count, ephemeral ones and overhead
 * do not. Values are taken as written: a request that defaulting would copy from a limit must be there already.
 * Source: apis/core/v1/helper/qos GetPodQOS.
 */
export function qosClass(pod: Pod): QosClass {
  const requests: Sums = new Map();
  const limits: Sums = new Map();
  let isFullyLimited = true;
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    addPositive(requests, container.resources?.requests);
    const limitCount = addPositive(limits, container.resources?.limits);
    if (limitCount < QOS_RESOURCES.length) isFullyLimited = false;
  }
  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  return isFullyLimited && requestsMatchLimits(requests, limits) ? "Guaranteed" : "Burstable";
}
