/** The limits of the QoS cgroups as pods come and go. Source: kubelet cm/qos_container_manager_linux.go. */
import type { Pod, QosClass } from "../api/types.ts";
import { qosClass } from "../pod/qos.ts";
import { podResources } from "../pod/resources.ts";
import { quantityMilliValue, quantityValue } from "../quantity/index.ts";
import { MIN_CPU_SHARES, milliCpuToShares } from "./cpu.ts";
import { UNLIMITED_HUGE_PAGE_BYTES } from "./huge-pages.ts";
import type { CgroupResources } from "./types.ts";

export interface QosTreeInput {
  /** Pods that may have processes: admitted, not terminated. */
  readonly pods: readonly Pod[];
  /** Page sizes of the machine ("2MB"); empty: huge pages are not limited. */
  readonly hugePageSizes: readonly string[];
  /** Write `memory.min` of cgroup v2 (feature gate MemoryQoS). */
  readonly memoryQos?: boolean;
  /** Percent of the requested memory kept from lower classes (qosReserved, with its gate); absent: nothing is kept. */
  readonly memoryReservedPercent?: number;
  /** Needed for `memoryReservedPercent`; 0 or absent: nothing is kept. */
  readonly allocatableMemoryBytes?: number;
}

/** Limits to write to each cgroup of the tree. */
export interface QosTree {
  readonly kubepods: CgroupResources;
  readonly burstable: CgroupResources;
  readonly bestEffort: CgroupResources;
}

interface Requests {
  readonly burstableMilliCpu: number;
  readonly memoryBytes: Readonly<Record<QosClass, number>>;
}

function sumRequests(pods: readonly Pod[]): Requests {
  const memoryBytes = { Guaranteed: 0, Burstable: 0, BestEffort: 0 };
  let burstableMilliCpu = 0;
  for (const pod of pods) {
    const qos = qosClass(pod);
    if (qos === "BestEffort") continue;
    const { requests } = podResources(pod);
    const cpu = requests.get("cpu");
    const memory = requests.get("memory");
    if (qos === "Burstable" && cpu !== undefined) burstableMilliCpu += Number(quantityMilliValue(cpu));
    if (memory !== undefined) memoryBytes[qos] += Number(quantityValue(memory));
  }
  return { burstableMilliCpu, memoryBytes };
}

function memoryMin(bytes: number, isOn: boolean | undefined): CgroupResources {
  return isOn === true && bytes > 0 ? { unified: { "memory.min": String(bytes) } } : {};
}

function memoryLimits(input: QosTreeInput, { memoryBytes }: Requests): readonly [CgroupResources, CgroupResources] {
  const { memoryReservedPercent, allocatableMemoryBytes = 0 } = input;
  if (memoryReservedPercent === undefined || allocatableMemoryBytes === 0) return [{}, {}];
  const kept = (bytes: number): number => Math.trunc((bytes * memoryReservedPercent) / 100);
  const burstable = allocatableMemoryBytes - kept(memoryBytes.Guaranteed);
  return [{ memoryLimitBytes: burstable }, { memoryLimitBytes: burstable - kept(memoryBytes.Burstable) }];
}

/**
 * The limits of the QoS cgroups for these pods: burstable ones together weigh what they request, best effort ones the
 * least; huge pages are limited per pod alone. Source: qosContainerManagerImpl.UpdateCgroups.
 */
export function qosTree(input: QosTreeInput): QosTree {
  const requests = sumRequests(input.pods);
  const { Guaranteed: guaranteedBytes, Burstable: burstableBytes } = requests.memoryBytes;
  const unlimited = Object.fromEntries(input.hugePageSizes.map((size) => [size, UNLIMITED_HUGE_PAGE_BYTES]));
  const hugePages: CgroupResources = input.hugePageSizes.length > 0 ? { hugePageLimits: unlimited } : {};
  const [burstableMemory, bestEffortMemory] = memoryLimits(input, requests);
  return {
    kubepods: { ...hugePages, ...memoryMin(guaranteedBytes + burstableBytes, input.memoryQos) },
    burstable: {
      cpuShares: milliCpuToShares(requests.burstableMilliCpu),
      ...burstableMemory,
      ...hugePages,
      ...memoryMin(burstableBytes, input.memoryQos),
    },
    bestEffort: { cpuShares: MIN_CPU_SHARES, ...bestEffortMemory, ...hugePages },
  };
}
