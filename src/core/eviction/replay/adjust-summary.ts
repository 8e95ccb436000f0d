import type { FsStats, PodStats, Summary } from "../../stats/summary.ts";
import type { EvictablePod } from "../evictable-pod.ts";
import { diskPartsOf, type FilesystemLayout } from "../filesystems.ts";
import { podUsage } from "../pod-usage.ts";
import type { Signal, StarvedResource } from "../signals.ts";

/** Pods that are there in one world and not in the other, with their statistics. */
export interface PodDifference {
  /** There in the summary, gone in the world that is asked for. */
  readonly gone: readonly MeasuredPod[];
  /** The other way round. */
  readonly back: readonly MeasuredPod[];
}

export interface MeasuredPod {
  readonly pod: EvictablePod;
  readonly stats: PodStats;
}

/**
 * The summary as it would have been with other pods: what those that are gone used is free, what those that are back used is
 * not. A model, not a measurement: nobody else uses what became free, and those that are back use what they used last.
 */
export function adjustSummary(summary: Summary, { gone, back }: PodDifference, layout: FilesystemLayout): Summary {
  if (gone.length === 0 && back.length === 0) return summary;
  const goneUids = new Set(gone.map(({ pod }) => pod.uid));
  const freedOf = (resource: StarvedResource, signal: Signal) =>
    sumOf(gone, resource, signal, layout) - sumOf(back, resource, signal, layout);
  const memoryBytes = freedOf("memory", "memory.available");
  const { node } = summary;
  const nodeFs = shiftFs(
    node.fs,
    freedOf("ephemeral-storage", "nodefs.available"),
    freedOf("inodes", "nodefs.inodesFree"),
  );
  const imageFs = shiftFs(
    node.runtime?.imageFs,
    freedOf("ephemeral-storage", "imagefs.available"),
    freedOf("inodes", "imagefs.inodesFree"),
  );
  const { rlimit, systemContainers } = node;
  const pods = (summary.pods ?? []).filter(({ podRef }) => !goneUids.has(podRef.uid));
  return {
    ...summary,
    node: {
      ...node,
      ...(node.memory && { memory: shiftMemory(node.memory, memoryBytes) }),
      ...(nodeFs && { fs: nodeFs }),
      ...(node.runtime && { runtime: { ...node.runtime, ...(imageFs && { imageFs }) } }),
      ...(rlimit?.curproc !== undefined && {
        rlimit: { ...rlimit, curproc: Math.max(0, rlimit.curproc - freedOf("pids", "pid.available")) },
      }),
      ...(systemContainers && {
        systemContainers: systemContainers.map((container) =>
          container.name === "pods" && container.memory !== undefined
            ? { ...container, memory: shiftMemory(container.memory, memoryBytes) }
            : container,
        ),
      }),
    },
    pods: [...pods, ...back.map(({ stats }) => stats)],
  };
}

function sumOf(
  pods: readonly MeasuredPod[],
  resource: StarvedResource,
  signal: Signal,
  layout: FilesystemLayout,
): number {
  const parts = diskPartsOf(signal, layout);
  return pods.reduce((sum, { pod, stats }) => sum + podUsage(resource, pod, stats, parts), 0);
}

interface MemoryAmounts {
  readonly availableBytes?: number;
  readonly workingSetBytes?: number;
}

/** The capacity, their sum, stays. */
function shiftMemory<T extends MemoryAmounts>(memory: T, freedBytes: number): T {
  const { availableBytes, workingSetBytes } = memory;
  if (availableBytes === undefined || workingSetBytes === undefined) return memory;
  const available = within(availableBytes + freedBytes, availableBytes + workingSetBytes);
  return { ...memory, availableBytes: available, workingSetBytes: availableBytes + workingSetBytes - available };
}

function shiftFs(fs: FsStats | undefined, freedBytes: number, freedInodes: number): FsStats | undefined {
  if (fs === undefined) return undefined;
  const { availableBytes, capacityBytes, inodesFree, inodes } = fs;
  return {
    ...fs,
    ...(availableBytes !== undefined && { availableBytes: within(availableBytes + freedBytes, capacityBytes) }),
    ...(inodesFree !== undefined && { inodesFree: within(inodesFree + freedInodes, inodes) }),
  };
}

function within(amount: number, limit: number | undefined): number {
  return Math.max(0, Math.min(amount, limit ?? amount));
}
