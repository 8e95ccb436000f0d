/** The limits of the cgroups above pods. Source: kubelet cm/node_container_manager_linux.go. */
import type { ResourceList } from "../api/types.ts";
import { bytesOf, milliOf } from "../quantity/index.ts";
import { milliCpuToShares } from "./cpu.ts";
import { hugePageLimitsByName, hugePageSizeOf, isHugePageResource } from "./huge-pages.ts";
import { enforcedAllocatable, PID_RESOURCE, type Reservations } from "./node-allocatable.ts";
import type { CgroupResources } from "./types.ts";

/** The limits that a resource list means for one cgroup. Source: getCgroupConfig, cgroupManagerImpl.toResources. */
export function resourceListLimits(list: ResourceList, hugePageSizes: readonly string[]): CgroupResources {
  const { memory, cpu, [PID_RESOURCE]: pids } = list;
  const hugePages = new Map<number, number>();
  for (const [name, text] of Object.entries(list)) {
    if (isHugePageResource(name)) hugePages.set(hugePageSizeOf(name), bytesOf(text));
  }
  return {
    ...(memory !== undefined && { memoryLimitBytes: bytesOf(memory) }),
    ...(cpu !== undefined && { cpuShares: milliCpuToShares(milliOf(cpu)) }),
    ...(pids !== undefined && { pidsLimit: bytesOf(pids) }),
    ...(hugePageSizes.length > 0 && { hugePageLimits: hugePageLimitsByName(hugePages, hugePageSizes, 0) }),
  };
}

export interface NodeCgroupsInput {
  /** Capacity of the node, with `pid` where process ids are to be limited. */
  readonly capacity: ResourceList;
  readonly reservations: Reservations;
  /** enforceNodeAllocatable of the configuration: "pods", "system-reserved", "kube-reserved". */
  readonly enforce: readonly string[];
  /** As configured (`/system`, `/system.slice`); required by validation where its enforcement is on. */
  readonly systemReservedCgroup: string;
  readonly kubeReservedCgroup: string;
  /** Page sizes of the machine ("2MB"); empty: huge pages are not limited. */
  readonly hugePageSizes: readonly string[];
}

/** An existing cgroup of daemons, which is limited but never made. */
export interface ReservedCgroup {
  readonly kind: "system-reserved" | "kube-reserved";
  /** As configured; parseCgroupName reads it. */
  readonly cgroup: string;
  readonly limits: CgroupResources;
}

export interface NodeCgroups {
  /** Of the cgroup of all pods: what is not reserved where "pods" is enforced, else the whole node. */
  readonly kubepods: CgroupResources;
  /** In the order they are to be written. */
  readonly reserved: readonly ReservedCgroup[];
}

/** The limits above pods. Source: createNodeAllocatableCgroups, enforceNodeAllocatableCgroups. */
export function nodeCgroups(input: NodeCgroupsInput): NodeCgroups {
  const { capacity, reservations, enforce, hugePageSizes } = input;
  const forPods = enforce.includes("pods") ? enforcedAllocatable(capacity, reservations) : capacity;
  const reserved = [
    { kind: "system-reserved", cgroup: input.systemReservedCgroup, list: reservations.systemReserved },
    { kind: "kube-reserved", cgroup: input.kubeReservedCgroup, list: reservations.kubeReserved },
  ] as const;
  return {
    kubepods: resourceListLimits(forPods, hugePageSizes),
    reserved: reserved
      .filter(({ kind }) => enforce.includes(kind))
      .map(({ kind, cgroup, list }) => ({ kind, cgroup, limits: resourceListLimits(list ?? {}, hugePageSizes) })),
  };
}
