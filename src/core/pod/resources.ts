/**
 * What a pod asks for and may use, summed over its containers. Source: kubelet pkg/api/v1/resource/helpers.go of 1.26;
 * init containers with restartPolicy Always (sidecars) count as in Kubernetes 1.29.
 */
import type { Pod, ResourceList, ResourceRequirements } from "../api/types.ts";
import {
  addQuantities,
  compareQuantities,
  exactAmount,
  formatQuantity,
  isZeroQuantity,
  plainAmount,
  type Quantity,
  quantityMilliValue,
  quantityOrZero,
  quantityValue,
  ZERO_QUANTITY,
} from "../quantity/index.ts";
import { isSidecar } from "./restart-policy.ts";

/** Resource name -> quantity. A resource that nobody named is absent, which differs from zero. */
export type ResourceQuantities = ReadonlyMap<string, Quantity>;

export interface PodResources {
  readonly requests: ResourceQuantities;
  readonly limits: ResourceQuantities;
}

type Sums = Map<string, Quantity>;
type ResourceKind = "requests" | "limits";

interface Demand {
  readonly resources?: ResourceRequirements;
  readonly restartPolicy?: string;
}

function add(sums: Sums, name: string, quantity: Quantity): void {
  const sum = sums.get(name);
  sums.set(name, sum === undefined ? quantity : addQuantities(sum, quantity));
}

function addList(sums: Sums, list: ResourceList | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) add(sums, name, quantityOrZero(text));
}

function raise(sums: Sums, list: ResourceQuantities): void {
  for (const [name, quantity] of list) {
    const sum = sums.get(name);
    if (sum === undefined || compareQuantities(quantity, sum) > 0) sums.set(name, quantity);
  }
}

/** Init containers run one at a time, each beside the sidecars that were started before it. */
function sumContainers(pod: Pod, kind: ResourceKind): Sums {
  const sums: Sums = new Map();
  const containers: readonly Demand[] = pod.spec?.containers ?? [];
  const initContainers: readonly Demand[] = pod.spec?.initContainers ?? [];
  for (const container of containers) addList(sums, container.resources?.[kind]);
  const sidecars: Sums = new Map();
  const peaks: Sums[] = [];
  for (const container of initContainers) {
    const own = container.resources?.[kind];
    if (isSidecar(container)) {
      addList(sums, own);
      addList(sidecars, own);
      peaks.push(new Map(sidecars));
    } else {
      const peak: Sums = new Map();
      addList(peak, own);
      for (const [name, quantity] of sidecars) add(peak, name, quantity);
      peaks.push(peak);
    }
  }
  for (const peak of peaks) raise(sums, peak);
  return sums;
}

/** The pod's requests and limits without its overhead. Source: PodRequestsAndLimitsWithoutOverhead. */
export function podResourcesWithoutOverhead(pod: Pod): PodResources {
  return { requests: sumContainers(pod, "requests"), limits: sumContainers(pod, "limits") };
}

/**
 * The pod's requests and limits; its overhead is added to every request and to the limits that are set and not zero.
 * Source: PodRequestsAndLimits.
 */
export function podResources(pod: Pod): PodResources {
  const requests = sumContainers(pod, "requests");
  const limits = sumContainers(pod, "limits");
  for (const [name, text] of Object.entries(pod.spec?.overhead ?? {})) {
    const overhead = quantityOrZero(text);
    add(requests, name, overhead);
    const limit = limits.get(name);
    if (limit !== undefined && !isZeroQuantity(limit)) limits.set(name, addQuantities(limit, overhead));
  }
  return { requests, limits };
}

/** Canonical texts, in the order of the map. */
export function toResourceList(quantities: ResourceQuantities): ResourceList {
  return Object.fromEntries([...quantities].map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

function sumOneRequest(pod: Pod, name: string): Quantity {
  let regular = ZERO_QUANTITY;
  let sidecars = ZERO_QUANTITY;
  let peak = ZERO_QUANTITY;
  for (const container of pod.spec?.containers ?? []) {
    regular = addQuantities(regular, quantityOrZero(container.resources?.requests?.[name]));
  }
  for (const container of pod.spec?.initContainers ?? []) {
    const running = addQuantities(sidecars, quantityOrZero(container.resources?.requests?.[name]));
    if (isSidecar(container)) sidecars = running;
    if (compareQuantities(running, peak) > 0) peak = running;
  }
  const steady = addQuantities(regular, sidecars);
  return compareQuantities(peak, steady) > 0 ? peak : steady;
}

/** The sum for the usual pod, without big numbers: whole requests, no init containers, no overhead. Else undefined. */
function plainRequest(pod: Pod, name: string): number | undefined {
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  if (name === "cpu" || hasInit || pod.spec?.overhead !== undefined) return undefined;
  let sum = 0;
  for (const container of pod.spec?.containers ?? []) {
    const amount = plainAmount(String(container.resources?.requests?.[name] ?? "0"));
    if (amount === undefined) return undefined;
    sum += amount;
  }
  return Number.isSafeInteger(sum) ? sum : undefined;
}

/** Overhead counts only where the containers request something. Source: GetResourceRequestQuantity. */
function requestQuantity(pod: Pod, name: string): Quantity {
  const overhead = pod.spec?.overhead?.[name];
  const ofContainers = sumOneRequest(pod, name);
  if (overhead === undefined || isZeroQuantity(ofContainers)) return ofContainers;
  return addQuantities(ofContainers, quantityOrZero(overhead));
}

/**
 * The pod's request of one resource: thousandths for "cpu", whole units (bytes) for all others, 1 for "pods". Overhead
 * counts only where the containers request something. Source: GetResourceRequest.
 */
export function podRequest(pod: Pod, name: string): number {
  if (name === "pods") return 1;
  const plain = plainRequest(pod, name);
  if (plain !== undefined) return plain;
  const sum = requestQuantity(pod, name);
  return Number(name === "cpu" ? quantityMilliValue(sum) : quantityValue(sum));
}

/** As `podRequest`, but in units of the resource ("cpu" is cores) and with its fraction: 0.2 bytes stay 0.2 bytes. */
export function exactPodRequest(pod: Pod, name: string): number {
  return plainRequest(pod, name) ?? exactAmount(requestQuantity(pod, name));
}
