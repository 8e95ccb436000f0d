/** Sizes of emptyDir volumes that are not on a disk. Source: kubelet pkg/volume/emptydir. */
import type { Pod, ResourceList } from "../api/types.ts";
import { podCgroupConfig } from "../pod/resources-cgroup.ts";
import { bytesOf } from "../quantity/index.ts";

/**
 * How large a tmpfs may grow: what the volume says, but not more than the pod's memory limit, and that not more than the
 * node has; `undefined`: none of them says anything. Source: calculateEmptyDirMemorySize.
 */
export function memoryVolumeBytes(
  sizeLimit: string | undefined,
  pod: Pod,
  allocatable: ResourceList,
): number | undefined {
  const { memoryLimitBytes = 0 } = podCgroupConfig(pod, { enforceCpuLimits: false });
  const sizes = [bytesOf(allocatable["memory"]), memoryLimitBytes, bytesOf(sizeLimit)].filter((bytes) => bytes > 0);
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}

const HUGE_PAGES = "hugepages-";
const MEDIUM = "HugePages";

/**
 * The page size of a volume of medium "HugePages" or "HugePages-<size>": the size of the huge pages that containers of
 * the pod ask for, which must be but one without a size in the medium. Source: getPageSizeMountOption.
 */
export function hugePageMediumBytes(
  medium: string,
  pod: Pod,
): { readonly pageBytes: number } | { readonly error: string } {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const requested = new Set(
    [...containers, ...initContainers].flatMap(({ resources }) =>
      Object.keys(resources?.requests ?? resources?.limits ?? {})
        .filter((name) => name.startsWith(HUGE_PAGES))
        .map((name) => bytesOf(name.slice(HUGE_PAGES.length))),
    ),
  );
  const wanted = medium === MEDIUM ? [...requested] : [bytesOf(medium.slice(MEDIUM.length + 1))];
  if (wanted.length > 1) {
    return { error: `medium: ${medium} can't be used if container requests multiple huge page sizes` };
  }
  const [pageBytes] = wanted;
  if (pageBytes !== undefined && requested.has(pageBytes)) return { pageBytes };
  return { error: `medium ${medium}: hugePages storage requested, but there is no resource request for huge pages` };
}
