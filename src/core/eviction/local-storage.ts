/** Pods over their own local storage limits. Source: kubelet eviction localStorageEviction. */
import { goQuote } from "../api/go-quote.ts";
import type { PodStats } from "../stats/summary.ts";
import type { EvictablePod, StorageLimit } from "./evictable-pod.ts";
import { type FilesystemLayout, hasImageFs } from "./filesystems.ts";

/** The limit that a pod is over. */
export interface LocalStorageExcess {
  readonly limit: "EmptyDir" | "Pod" | "Container";
  /** Of the volume or the container; "" for the pod's sum. */
  readonly name: string;
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Ends with a blank. */
  readonly message: string;
}

/** The first limit that the pod is over: its emptyDir volumes, the sum of its limits, its containers. */
export function localStorageExcess(
  pod: EvictablePod,
  stats: PodStats,
  layout: FilesystemLayout,
): LocalStorageExcess | undefined {
  return emptyDirExcess(pod, stats) ?? podExcess(pod, stats) ?? containerExcess(pod, stats, layout);
}

function emptyDirExcess({ limits }: EvictablePod, stats: PodStats): LocalStorageExcess | undefined {
  for (const { name, limit } of limits.emptyDirs) {
    const usedBytes = stats.volume?.findLast((volume) => volume.name === name)?.usedBytes;
    if (usedBytes === undefined || usedBytes <= limit.bytes) continue;
    const message = `Usage of EmptyDir volume ${goQuote(name)} exceeds the limit ${goQuote(limit.text)}. `;
    return excess("EmptyDir", name, usedBytes, limit, message);
  }
  return undefined;
}

function podExcess({ limits }: EvictablePod, stats: PodStats): LocalStorageExcess | undefined {
  const usedBytes = stats["ephemeral-storage"]?.usedBytes ?? 0;
  if (limits.pod === undefined || usedBytes <= limits.pod.bytes) return undefined;
  const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${limits.pod.text}. `;
  return excess("Pod", "", usedBytes, limits.pod, message);
}

/** In the order of the statistics. */
function containerExcess(
  { limits }: EvictablePod,
  stats: PodStats,
  layout: FilesystemLayout,
): LocalStorageExcess | undefined {
  if (limits.containers.size === 0) return undefined;
  for (const { name, logs, rootfs } of stats.containers ?? []) {
    const limit = limits.containers.get(name);
    const usedBytes = (logs?.usedBytes ?? 0) + (hasImageFs(layout) ? 0 : (rootfs?.usedBytes ?? 0));
    if (limit === undefined || usedBytes <= limit.bytes) continue;
    const message = `Container ${name} exceeded its local ephemeral storage limit ${goQuote(limit.text)}. `;
    return excess("Container", name, usedBytes, limit, message);
  }
  return undefined;
}

function excess(
  limit: LocalStorageExcess["limit"],
  name: string,
  usedBytes: number,
  { bytes }: StorageLimit,
  message: string,
): LocalStorageExcess {
  return { limit, name, usedBytes, limitBytes: bytes, message };
}
