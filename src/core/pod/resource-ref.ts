/**
 * Values of `resourceFieldRef`: apis/core pkg/api/v1/resource ExtractContainerResourceValue, kubelet kubelet_resources.go
 * defaultPodLimitsForDownwardAPI.
 */
import type { Container, Pod, ResourceList } from "../api/types.ts";
import { isZeroQuantity, type Quantity, quantityMilliValue, quantityOrZero, quantityValue } from "../quantity/index.ts";
import type { FieldValue } from "./field-ref.ts";

/** A ResourceFieldSelector. */
export interface ResourceReference {
  /** "" or absent: the container that asks. */
  readonly containerName?: string;
  /** `limits.cpu`, `requests.hugepages-2Mi` ... */
  readonly resource: string;
  /** Absent or 0: 1. */
  readonly divisor?: string;
}

const PLAIN_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);
const ONE = quantityOrZero("1");

/**
 * The quantity in units of the divisor, rounded up. A missing limit is what the node can give (`allocatable`), but not that
 * of an init container that is named: the kubelet fills in only regular containers and the one that asks.
 */
export function resourceValue(
  reference: ResourceReference,
  pod: Pod,
  container: Container,
  allocatable: ResourceList,
): FieldValue {
  const { containerName = "", resource } = reference;
  const target = containerName === "" ? container : findContainer(pod, containerName);
  if (target === undefined) return { error: `container ${containerName} not found` };
  const [, list, name] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  if (name === undefined || !(PLAIN_RESOURCES.has(name) || name.startsWith("hugepages-"))) {
    return { error: `unsupported container resource : ${resource}` };
  }
  const own = quantityOrZero((list === "limits" ? target.resources?.limits : target.resources?.requests)?.[name]);
  const isFilledIn = containerName === "" || (pod.spec?.containers ?? []).includes(target);
  const fromNode = list === "limits" && PLAIN_RESOURCES.has(name) && isZeroQuantity(own) && isFilledIn;
  return { value: divide(fromNode ? quantityOrZero(allocatable[name]) : own, divisorOf(reference), name === "cpu") };
}

/**
 * The quantity as a downward API volume shows it: of the container that the reference names, an init container's limits
 * filled in, too. Source: resource.ExtractResourceValueByContainerNameAndNodeAllocatable.
 */
export function volumeResourceValue(reference: ResourceReference, pod: Pod, allocatable: ResourceList): FieldValue {
  const { containerName = "", ...rest } = reference;
  const container = findContainer(pod, containerName);
  if (container === undefined) return { error: `container ${containerName} not found` };
  return resourceValue(rest, pod, container, allocatable);
}

function findContainer(pod: Pod, name: string): Container | undefined {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return all.find((container) => container.name === name);
}

function divisorOf({ divisor }: ResourceReference): Quantity {
  const given = quantityOrZero(divisor);
  return isZeroQuantity(given) ? ONE : given;
}

function divide(quantity: Quantity, divisor: Quantity, isCpu: boolean): string {
  const unit = isCpu ? quantityMilliValue : quantityValue;
  const quotient = Math.ceil(Number(unit(quantity)) / Number(unit(divisor)));
  return Number.isFinite(quotient) ? BigInt(quotient).toString() : "0";
}
