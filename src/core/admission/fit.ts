/** Whether a pod's requests fit beside those of others. Source: scheduler noderesources/fit.go fitsRequest (1.33). */
import { type Amounts, isExtendedResource } from "./demand.ts";

/** A resource of which too little is left: `requested` > `capacity` - `used`. */
export interface Shortage {
  readonly resource: string;
  readonly requested: number;
  readonly used: number;
  readonly capacity: number;
}

/** Sizes that a node need not know. */
const MAY_BE_UNKNOWN: ReadonlySet<string> = new Set(["pods", "ephemeral-storage"]);
const FIRST = ["cpu", "memory", "ephemeral-storage"];

/**
 * Everything that is short: pods, cpu, memory, ephemeral storage, then the others by name. Devices that the node has
 * never heard of are somebody else's to count (kubelet lifecycle/predicate.go removeMissingExtendedResources).
 */
export function shortages(allocatable: Amounts, wanted: Amounts, others: readonly Amounts[]): readonly Shortage[] {
  const found: Shortage[] = [];
  const pods = allocatable.get("pods");
  if (pods !== undefined && others.length + 1 > pods) {
    found.push({ resource: "pods", requested: 1, used: others.length, capacity: pods });
  }
  for (const resource of inOrder(wanted)) {
    const requested = wanted.get(resource) ?? 0;
    const capacity = allocatable.get(resource);
    if (requested <= 0 || resource === "pods") continue;
    if (capacity === undefined && (MAY_BE_UNKNOWN.has(resource) || isExtendedResource(resource))) continue;
    const used = others.reduce((sum, other) => sum + (other.get(resource) ?? 0), 0);
    if (requested > (capacity ?? 0) - used) found.push({ resource, requested, used, capacity: capacity ?? 0 });
  }
  return found;
}

function inOrder(amounts: Amounts): readonly string[] {
  const rest = [...amounts.keys()].filter((name) => !FIRST.includes(name));
  return [...FIRST.filter((name) => amounts.has(name)), ...rest.sort()];
}
