/** Resources in the words of the CRI. Source: kubelet kuberuntime_container_linux.go and kuberuntime_sandbox_linux.go. */
import type { Container, Pod, ResourceRequirements } from "../api/types.ts";
import { DEFAULT_CPU_PERIOD_US, milliCpuToQuotaUs, milliCpuToShares } from "../cgroup/cpu.ts";
import { hugePageSizeName, hugePageSizeOf, isHugePageResource } from "../cgroup/huge-pages.ts";
import type { HugepageLimit, LinuxContainerResources } from "../cri/types.ts";
import { bytesOf, milliOf } from "../quantity/index.ts";
import { containerOomScoreAdj } from "./oom-score.ts";
import { podResourcesWithoutOverhead, toResourceList } from "./resources.ts";

export interface CriResourceOptions {
  /** Whether CPU limits become CFS quotas (cpuCFSQuota). */
  readonly cpuCfsQuota: boolean;
  /** Period of quotas in microseconds (cpuCFSQuotaPeriod, with its feature gate); default 100000. */
  readonly cpuPeriodUs?: number;
}

/**
 * CPU and memory of one container, or of a sum of containers. A missing CPU request counts as the limit; 0 in the result
 * means no limit. Source: calculateLinuxResources.
 */
export function linuxResources(
  resources: ResourceRequirements | undefined,
  options: CriResourceOptions,
): LinuxContainerResources {
  const cpuLimit = milliOf(resources?.limits?.["cpu"]);
  const request = resources?.requests?.["cpu"];
  const periodUs = options.cpuPeriodUs ?? DEFAULT_CPU_PERIOD_US;
  return {
    cpuShares: milliCpuToShares(request === undefined ? cpuLimit : milliOf(request)),
    memoryLimitInBytes: bytesOf(resources?.limits?.["memory"]),
    ...(options.cpuCfsQuota && { cpuQuota: milliCpuToQuotaUs(cpuLimit, periodUs), cpuPeriod: periodUs }),
  };
}

/**
 * Huge page limits of a container for every page size of the machine ("2MB"), in its order; 0 where the container has no
 * limit. Source: GetHugepageLimitsFromResources.
 */
export function hugepageLimits(
  resources: ResourceRequirements | undefined,
  machineSizes: readonly string[],
): readonly HugepageLimit[] {
  const limits = new Map<string, number>();
  for (const [name, text] of Object.entries(resources?.limits ?? {})) {
    if (!isHugePageResource(name)) continue;
    const size = hugePageSizeName(hugePageSizeOf(name));
    if (size !== undefined) limits.set(size, bytesOf(text));
  }
  return machineSizes.map((pageSize) => ({ pageSize, limit: limits.get(pageSize) ?? 0 }));
}

export interface CriContainerOptions extends CriResourceOptions {
  readonly memoryCapacityBytes: number;
  readonly hugePageSizes: readonly string[];
  /** Out of memory kills all processes of the container, not one (cgroup v2 without singleProcessOOMKill). */
  readonly oomKillsGroup?: boolean;
}

/** All resources of a container of `pod`. Source: generateLinuxContainerConfig. */
export function containerLinuxResources(
  pod: Pod,
  container: Pick<Container, "resources" | "restartPolicy">,
  options: CriContainerOptions,
): LinuxContainerResources {
  const hugePages = hugepageLimits(container.resources, options.hugePageSizes);
  return {
    ...linuxResources(container.resources, options),
    oomScoreAdj: containerOomScoreAdj(pod, container, options.memoryCapacityBytes),
    ...(hugePages.length > 0 && { hugepageLimits: hugePages }),
    ...(options.oomKillsGroup === true && { unified: { "memory.oom.group": "1" } }),
  };
}

/** The sum of the pod's containers, told to the runtime with the sandbox. Source: calculateSandboxResources. */
export function sandboxLinuxResources(pod: Pod, options: CriResourceOptions): LinuxContainerResources {
  const { requests, limits } = podResourcesWithoutOverhead(pod);
  return linuxResources({ requests: toResourceList(requests), limits: toResourceList(limits) }, options);
}

/** The pod's overhead, as request and limit; empty where it has none. Source: convertOverheadToLinuxResources. */
export function overheadLinuxResources(pod: Pod, options: CriResourceOptions): LinuxContainerResources {
  const overhead = pod.spec?.overhead ?? undefined;
  if (overhead === undefined) return {};
  return linuxResources({ requests: { cpu: overhead["cpu"] ?? "0" }, limits: overhead }, options);
}
