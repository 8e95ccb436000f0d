import type { Pod, ResourceRequirements } from "../../../src/core/api/types.ts";
import { milliCpuToQuotaUs, milliCpuToShares } from "../../../src/core/cgroup/cpu.ts";
import {
  podRequest,
  podResources,
  podResourcesWithoutOverhead,
  toResourceList,
} from "../../../src/core/pod/resources.ts";
import { podCgroupConfig } from "../../../src/core/pod/resources-cgroup.ts";
import { linuxResources } from "../../../src/core/pod/resources-cri.ts";
import type { Topic } from "../case.ts";

type PodResourcesInput =
  | { readonly kind: "cgroup"; readonly pod: Pod; readonly enforceCPULimits: boolean; readonly cpuPeriod: number }
  | { readonly kind: "shares" | "quota"; readonly milliCPU: number }
  | { readonly kind: "container"; readonly resources: ResourceRequirements }
  | { readonly kind: "requests"; readonly pod: Pod };

function cgroup(pod: Pod, enforceCpuLimits: boolean, cpuPeriodUs: number): unknown {
  const config = podCgroupConfig(pod, { enforceCpuLimits, cpuPeriodUs });
  return {
    cpuShares: config.cpuShares,
    cpuQuota: config.cpuQuotaUs ?? null,
    cpuPeriod: config.cpuPeriodUs ?? null,
    memory: config.memoryLimitBytes ?? null,
    hugePageLimits: Object.fromEntries(config.hugePageLimits),
  };
}

function requests(pod: Pod): unknown {
  const { requests, limits } = podResources(pod);
  const bare = podResourcesWithoutOverhead(pod);
  return {
    requests: toResourceList(requests),
    limits: toResourceList(limits),
    requestsWithoutOverhead: toResourceList(bare.requests),
    limitsWithoutOverhead: toResourceList(bare.limits),
    requestCPUMilli: podRequest(pod, "cpu"),
    requestMemory: podRequest(pod, "memory"),
  };
}

function result(input: PodResourcesInput): unknown {
  switch (input.kind) {
    case "cgroup":
      return cgroup(input.pod, input.enforceCPULimits, input.cpuPeriod);
    case "shares":
      return { cpuShares: milliCpuToShares(input.milliCPU) };
    case "quota":
      return { cpuQuota: milliCpuToQuotaUs(input.milliCPU) };
    case "container":
      return linuxResources(input.resources, { cpuCfsQuota: true });
    case "requests":
      return requests(input.pod);
  }
}

export const topic: Topic = ({ input }) => ({ actual: result(input as PodResourcesInput) });
