/** What the pod's own cgroup gets. Source: kubelet cm/helpers_linux.go ResourceConfigForPod. */
import type { Container, Pod } from "../api/types.ts";
import { DEFAULT_CPU_PERIOD_US, MIN_CPU_SHARES, milliCpuToQuotaUs, milliCpuToShares } from "../cgroup/cpu.ts";
import { hugePageLimitsByName, hugePageSizeOf, isHugePageResource } from "../cgroup/huge-pages.ts";
import type { CgroupResources } from "../cgroup/types.ts";
import {
  bytesOf,
  isZeroQuantity,
  type Quantity,
  quantityMilliValue,
  quantityOrZero,
  quantityValue,
} from "../quantity/index.ts";
import { qosClass } from "./qos.ts";
import { podResources } from "./resources.ts";

export interface PodCgroupOptions {
  /** Whether CPU limits become CFS quotas (cpuCFSQuota). */
  readonly enforceCpuLimits: boolean;
  /** Written as the period; default 100000. */
  readonly cpuPeriodUs?: number;
  /** Compute quotas for `cpuPeriodUs` (feature gate CPUCFSQuotaPeriod); without it they are those of 100 ms. */
  readonly customCpuPeriod?: boolean;
  /** Write `memory.min` of cgroup v2 (feature gate MemoryQoS). */
  readonly memoryQos?: boolean;
}

/** The pod level limits; absent where nothing is written. */
export interface PodCgroupConfig {
  readonly cpuShares: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly memoryLimitBytes?: number;
  /** Page size in bytes -> limit in bytes; sizes nobody asked for are absent. */
  readonly hugePageLimits: ReadonlyMap<number, number>;
  readonly unified?: Readonly<Record<string, string>>;
}

function milli(quantity: Quantity | undefined): number {
  return quantity === undefined ? 0 : Number(quantityMilliValue(quantity));
}

function whole(quantity: Quantity | undefined): number {
  return quantity === undefined ? 0 : Number(quantityValue(quantity));
}

function requestedHugePages(container: Container): Map<number, number> {
  const bySize = new Map<number, number>();
  for (const [name, text] of Object.entries(container.resources?.requests ?? {})) {
    if (!isHugePageResource(name)) continue;
    const size = hugePageSizeOf(name);
    bySize.set(size, (bySize.get(size) ?? 0) + bytesOf(text));
  }
  return bySize;
}

/** Regular containers add up, an init container raises the sum to its own. */
function podHugePages(pod: Pod): Map<number, number> {
  const bySize = new Map<number, number>();
  for (const container of pod.spec?.containers ?? []) {
    for (const [size, bytes] of requestedHugePages(container)) bySize.set(size, (bySize.get(size) ?? 0) + bytes);
  }
  for (const container of pod.spec?.initContainers ?? []) {
    for (const [size, bytes] of requestedHugePages(container)) {
      bySize.set(size, Math.max(bySize.get(size) ?? bytes, bytes));
    }
  }
  return bySize;
}

/** A limit holds for the whole pod only where every container has one. */
function allContainersLimit(pod: Pod, name: string): boolean {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.every((container) => !isZeroQuantity(quantityOrZero(container.resources?.limits?.[name])));
}

/** The limits of the pod's cgroup as its containers give them. */
export function podCgroupConfig(pod: Pod, options: PodCgroupOptions): PodCgroupConfig {
  const qos = qosClass(pod);
  const hugePageLimits = podHugePages(pod);
  const { requests, limits } = podResources(pod);
  const memoryRequest = whole(requests.get("memory"));
  const unified = options.memoryQos === true && memoryRequest > 0 ? { "memory.min": String(memoryRequest) } : undefined;
  const rest = { hugePageLimits, ...(unified !== undefined && { unified }) };
  if (qos === "BestEffort") return { cpuShares: MIN_CPU_SHARES, ...rest };

  const cpuPeriodUs = options.cpuPeriodUs ?? DEFAULT_CPU_PERIOD_US;
  const quotaPeriodUs = options.customCpuPeriod === true ? cpuPeriodUs : DEFAULT_CPU_PERIOD_US;
  const cpuQuotaUs = options.enforceCpuLimits ? milliCpuToQuotaUs(milli(limits.get("cpu")), quotaPeriodUs) : -1;
  const limitsCpu = qos === "Guaranteed" || allContainersLimit(pod, "cpu");
  const limitsMemory = qos === "Guaranteed" || allContainersLimit(pod, "memory");
  return {
    cpuShares: milliCpuToShares(milli(requests.get("cpu"))),
    ...(limitsCpu && { cpuQuotaUs, cpuPeriodUs }),
    ...(limitsMemory && { memoryLimitBytes: whole(limits.get("memory")) }),
    ...rest,
  };
}

export interface PodCgroupNodeOptions extends PodCgroupOptions {
  /** At most so many processes in each pod (podPidsLimit); 0 or less: no limit is written. */
  readonly podPidsLimit: number;
  /** Page sizes of the machine ("2MB"); those a pod does not ask for are limited to 0. Empty: huge pages are not limited. */
  readonly hugePageSizes: readonly string[];
}

/** podCgroupConfig as the cgroup is written. Source: podContainerManagerImpl.EnsureExists, cgroupManagerImpl.toResources. */
export function podCgroupResources(pod: Pod, options: PodCgroupNodeOptions): CgroupResources {
  const { hugePageLimits, ...limits } = podCgroupConfig(pod, options);
  return {
    ...limits,
    ...(options.podPidsLimit > 0 && { pidsLimit: options.podPidsLimit }),
    ...(options.hugePageSizes.length > 0 && {
      hugePageLimits: hugePageLimitsByName(hugePageLimits, options.hugePageSizes, 0),
    }),
  };
}
