import type { FsStats, PodStats } from "../stats/summary.ts";
import type { EvictablePod } from "./evictable-pod.ts";
import type { DiskPart } from "./filesystems.ts";
import type { StarvedResource } from "./signals.ts";

/**
 * How much of the resource a pod uses: bytes of working set, bytes or inodes of the given disk parts, processes. What was not
 * measured counts as nothing. Source: kubelet eviction memoryUsage, podDiskUsage, processUsage.
 */
export function podUsage(
  resource: StarvedResource,
  pod: EvictablePod,
  stats: PodStats,
  parts: readonly DiskPart[],
): number {
  if (resource === "memory") return stats.memory?.workingSetBytes ?? 0;
  if (resource === "pids") return stats.process_stats?.process_count ?? 0;
  const amountOf = resource === "inodes" ? inodesOf : bytesOf;
  let sum = 0;
  for (const part of parts)
    sum += part === "volumes" ? volumes(pod, stats, amountOf) : ofContainers(stats, part, amountOf);
  return sum;
}

type AmountOf = (fs: FsStats | undefined) => number;

function bytesOf(fs: FsStats | undefined): number {
  return fs?.usedBytes ?? 0;
}

function inodesOf(fs: FsStats | undefined): number {
  return fs?.inodesUsed ?? 0;
}

function ofContainers(stats: PodStats, part: "rootfs" | "logs", amountOf: AmountOf): number {
  let sum = 0;
  for (const container of stats.containers ?? []) sum += amountOf(container[part]);
  return sum;
}

function volumes({ localVolumeNames }: EvictablePod, stats: PodStats, amountOf: AmountOf): number {
  let sum = 0;
  for (const name of localVolumeNames) sum += amountOf(stats.volume?.find((volume) => volume.name === name));
  return sum;
}
