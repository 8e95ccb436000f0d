/** What of the node is for pods. Source: kubelet cm/node_container_manager_linux.go and nodestatus/setters.go. */
import type { ResourceList } from "../api/types.ts";
import {
  addQuantities,
  bytesOf,
  formatQuantity,
  isZeroQuantity,
  type Quantity,
  quantityFromInteger,
  quantityFromMilli,
  quantityOrZero,
  quantitySign,
  subtractQuantities,
  ZERO_QUANTITY,
} from "../quantity/index.ts";
import { isHugePageResource } from "./huge-pages.ts";

/** Process ids as a resource of the node, in capacity and reservations. */
export const PID_RESOURCE = "pid";

export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hugePages: readonly { readonly pageSizeBytes: number; readonly count: number }[];
  /** Size of the filesystem with the agent's root directory; absent: not known yet. */
  readonly ephemeralStorageBytes?: number;
  readonly maxPods: number;
  /** At most so many pods per CPU; 0: no such limit. */
  readonly podsPerCore: number;
}

/** The node's capacity as its status shows it. Source: nodestatus.MachineInfo, cadvisor.CapacityFromMachineInfo. */
export function nodeCapacity(machine: Machine): ResourceList {
  const perCore = machine.podsPerCore > 0 ? machine.cpus * machine.podsPerCore : machine.maxPods;
  const binary = (bytes: number): string => formatQuantity(quantityFromInteger(Math.trunc(bytes), "BinarySI"));
  return {
    cpu: formatQuantity(quantityFromMilli(machine.cpus * 1000)),
    memory: binary(machine.memoryBytes),
    ...Object.fromEntries(
      machine.hugePages.map(({ pageSizeBytes, count }) => [
        `hugepages-${binary(pageSizeBytes)}`,
        binary(pageSizeBytes * count),
      ]),
    ),
    ...(machine.ephemeralStorageBytes !== undefined && { "ephemeral-storage": binary(machine.ephemeralStorageBytes) }),
    pods: formatQuantity(quantityFromInteger(Math.min(perCore, machine.maxPods))),
  };
}

export interface Reservations {
  readonly systemReserved?: ResourceList;
  readonly kubeReserved?: ResourceList;
  /** Hard eviction thresholds by signal: `{"memory.available": "100Mi", "nodefs.available": "10%"}`. */
  readonly evictionHard?: Readonly<Record<string, string>>;
}

/** Signals whose hard threshold is kept from pods, and of what. */
const EVICTION_RESOURCES: ReadonlyMap<string, string> = new Map([
  ["memory.available", "memory"],
  ["nodefs.available", "ephemeral-storage"],
]);

function atLeastZero(quantity: Quantity): Quantity {
  return quantitySign(quantity) < 0 ? quantityFromInteger(0, quantity.format) : quantity;
}

/** Percentages are single precision floats in Kubernetes; 0 % and 100 % are no thresholds. */
function thresholdQuantity(threshold: string, capacity: string | undefined): Quantity {
  if (!threshold.endsWith("%")) return quantityOrZero(threshold);
  const fraction = Math.fround(Math.fround(Number(threshold.slice(0, -1))) / 100);
  if (!(fraction > 0 && fraction < 1)) return ZERO_QUANTITY;
  return quantityFromInteger(Math.trunc(bytesOf(capacity) * fraction), "BinarySI");
}

function evictionReservation(thresholds: Readonly<Record<string, string>>, capacity: ResourceList): ResourceList {
  const reserved: Record<string, string> = {};
  for (const [signal, threshold] of Object.entries(thresholds)) {
    const resource = EVICTION_RESOURCES.get(signal);
    if (resource === undefined) continue;
    reserved[resource] = formatQuantity(thresholdQuantity(threshold, capacity[resource]));
  }
  return reserved;
}

function mapCapacity(capacity: ResourceList, change: (quantity: Quantity, name: string) => Quantity): ResourceList {
  const changed = Object.entries(capacity).map(([name, text]) => [name, change(quantityOrZero(text), name)] as const);
  return Object.fromEntries(changed.map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/**
 * What is not for pods: reserved for the system and for Kubernetes, and the hard eviction thresholds. Only resources of
 * `capacity` of which something is reserved. Source: GetNodeAllocatableReservation.
 */
export function nodeReservation(capacity: ResourceList, reservations: Reservations): ResourceList {
  const eviction = evictionReservation(reservations.evictionHard ?? {}, capacity);
  const parts = [reservations.systemReserved, reservations.kubeReserved, eviction];
  const sum = (name: string): Quantity =>
    parts.map((part) => quantityOrZero(part?.[name])).reduce(addQuantities, quantityFromInteger(0));
  const sums = Object.keys(capacity).map((name) => [name, sum(name)] as const);
  const reserved = sums.filter(([, quantity]) => !isZeroQuantity(quantity));
  return Object.fromEntries(reserved.map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/**
 * What pods may request: capacity less the reservation, never below zero, memory also less all huge pages. This is the
 * `allocatable` of the node's status. Source: nodestatus.MachineInfo.
 */
export function nodeAllocatable(capacity: ResourceList, reservations: Reservations): ResourceList {
  const reservation = nodeReservation(capacity, reservations);
  const hugePages = Object.keys(capacity).filter(isHugePageResource);
  return mapCapacity(capacity, (quantity, name) => {
    const reserved = reservation[name];
    const left = reserved === undefined ? quantity : subtractQuantities(quantity, quantityOrZero(reserved));
    const allocatable = atLeastZero(left);
    if (name !== "memory") return allocatable;
    return hugePages.reduce(
      (memory, page) => atLeastZero(subtractQuantities(memory, quantityOrZero(capacity[page]))),
      allocatable,
    );
  });
}

/**
 * What the pods' cgroup is limited to: capacity less what is reserved, eviction thresholds not counted, so that evictions
 * come before the kernel's OOM killer. Source: getNodeAllocatableInternalAbsolute.
 */
export function enforcedAllocatable(capacity: ResourceList, reservations: Reservations): ResourceList {
  const { systemReserved, kubeReserved } = reservations;
  return mapCapacity(capacity, (quantity, name) => {
    const lessSystem = subtractQuantities(quantity, quantityOrZero(systemReserved?.[name]));
    return atLeastZero(subtractQuantities(lessSystem, quantityOrZero(kubeReserved?.[name])));
  });
}

/**
 * Why the reservations cannot be had on this node, in Kubernetes' words, resources in alphabetical order; undefined when
 * they can. Source: validateNodeAllocatable. Differs: quantities print as quantities, not as a dump of Go's structs.
 */
export function reservationError(capacity: ResourceList, reservations: Reservations): string | undefined {
  const tooLarge = Object.entries(nodeReservation(capacity, reservations))
    .filter(([name, text]) => {
      const left = subtractQuantities(quantityOrZero(capacity[name]), quantityOrZero(text));
      return quantitySign(left) < 0;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, text]) =>
        `Resource ${JSON.stringify(name)} has a reservation of ${text} but capacity of ${capacity[name]}. ` +
        "Expected capacity >= reservation.",
    );
  return tooLarge.length === 0 ? undefined : `invalid Node Allocatable configuration. ${tooLarge.join(" ")}`;
}
