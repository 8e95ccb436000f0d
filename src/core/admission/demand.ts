/** What pods ask of a node and what a node has, as numbers that can be compared. Source: scheduler framework/types.go Resource. */
import type { Pod, ResourceList } from "../api/types.ts";
import { isHugePageResource } from "../cgroup/huge-pages.ts";
import { podResources } from "../pod/resources.ts";
import { isSidecar } from "../pod/restart-policy.ts";
import { qualifiedNameErrors } from "../pod/validation/names.ts";
import { type Quantity, quantityMilliValue, quantityOrZero, quantityValue } from "../quantity/index.ts";

/** Resource name -> amount: thousandths for "cpu", whole units (bytes) for all others. Absent: none. */
export type Amounts = ReadonlyMap<string, number>;

/** A port of the node that a pod takes; `ip` "0.0.0.0": on all addresses. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** What a pod takes of its node from the moment it is let in. */
export interface PodDemand {
  readonly amounts: Amounts;
  readonly hostPorts: readonly HostPort[];
}

const PREFIXED_NATIVE = "kubernetes.io/";
const COUNTED: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Requests of the pod as the scheduler counts them: init containers, sidecars and overhead included. */
export function podDemand(pod: Pod): PodDemand {
  return { amounts: toAmounts(podResources(pod).requests), hostPorts: hostPortsOf(pod) };
}

/** The amounts of a resource list; names that nobody counts are left out. */
export function listAmounts(list: ResourceList): Amounts {
  return toAmounts(Object.entries(list).map(([name, text]) => [name, quantityOrZero(text)] as const));
}

/** Whether devices and the like have that name: `example.com/gpu`. Source: core/v1/helper IsExtendedResourceName. */
export function isExtendedResource(name: string): boolean {
  if (!name.includes("/") || name.includes(PREFIXED_NATIVE) || name.startsWith("requests.")) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

/** Source: scheduler util IsScalarResourceName, and the four resources that every node has. */
function isCounted(name: string): boolean {
  if (COUNTED.has(name) || name === "pods" || isHugePageResource(name)) return true;
  return name.includes(PREFIXED_NATIVE) || name.startsWith("attachable-volumes-") || isExtendedResource(name);
}

function toAmounts(quantities: Iterable<readonly [string, Quantity]>): Amounts {
  const amounts = new Map<string, number>();
  for (const [name, quantity] of quantities) {
    if (!isCounted(name)) continue;
    amounts.set(name, Number(name === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity)));
  }
  return amounts;
}

/** Ports of containers that run at a time: init containers that end first take none for good. */
function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
  return containers.flatMap(({ ports }) =>
    (ports ?? [])
      .filter(({ hostPort }) => (hostPort ?? 0) > 0)
      .map(({ hostIP, protocol, hostPort }) => ({
        ip: hostIP || "0.0.0.0",
        protocol: protocol || "TCP",
        port: hostPort ?? 0,
      })),
  );
}
