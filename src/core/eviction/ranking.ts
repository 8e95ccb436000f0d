/** The order in which pods are evicted for a signal. Source: kubelet eviction rankMemoryPressure and its neighbours. */
import type { PodStats } from "../stats/summary.ts";
import type { EvictablePod } from "./evictable-pod.ts";
import { diskPartsOf, type FilesystemLayout } from "./filesystems.ts";
import { podUsage } from "./pod-usage.ts";
import { SIGNALS, type Signal, type StarvedResource } from "./signals.ts";

/**
 * What put one pod before another. StatsMissing: it has no statistics. ExceedsRequest: it alone uses more than it requested.
 * Priority: its priority is lower. UsageAboveRequest, Usage: it uses more. Uid: they are equal, the UID decides.
 */
export type RankStep = "StatsMissing" | "ExceedsRequest" | "Priority" | "UsageAboveRequest" | "Usage" | "Uid";

/** A pod and what it is ranked by. */
export interface RankedPod {
  readonly pod: EvictablePod;
  /** false: nothing below was measured, all of it is zero. */
  readonly hasStats: boolean;
  readonly usage: number;
  /** What `usage` is set against: bytes, for inodes too; 0 for processes. */
  readonly request: number;
  readonly exceedsRequest: boolean;
  readonly aboveRequest: number;
}

type Comparison = readonly [RankStep, (a: RankedPod, b: RankedPod) => number];

const missingFirst: Comparison = ["StatsMissing", (a, b) => Number(a.hasStats) - Number(b.hasStats)];
const exceedingFirst: Comparison = ["ExceedsRequest", (a, b) => Number(b.exceedsRequest) - Number(a.exceedsRequest)];
const lowPriorityFirst: Comparison = ["Priority", (a, b) => a.pod.priority - b.pod.priority];
const mostAboveFirst: Comparison = ["UsageAboveRequest", (a, b) => b.aboveRequest - a.aboveRequest];
const mostUsedFirst: Comparison = ["Usage", (a, b) => b.usage - a.usage];

const byRequest: readonly Comparison[] = [missingFirst, exceedingFirst, lowPriorityFirst, mostAboveFirst];
const byPriority: readonly Comparison[] = [lowPriorityFirst, missingFirst, mostUsedFirst];

/** All pods, first victim first; equal ones by UID. Critical pods are among them. */
export function rankPods(
  signal: Signal,
  pods: readonly EvictablePod[],
  podStats: ReadonlyMap<string, PodStats>,
  layout: FilesystemLayout,
): readonly RankedPod[] {
  const { resource } = SIGNALS[signal];
  const parts = diskPartsOf(signal, layout);
  const comparisons = comparisonsOf(resource);
  return pods
    .map((pod): RankedPod => {
      const stats = podStats.get(pod.uid);
      return stats === undefined ? withoutStats(pod) : measured(resource, pod, podUsage(resource, pod, stats, parts));
    })
    .sort((a, b) => {
      for (const [, compare] of comparisons) {
        const order = compare(a, b);
        if (order !== 0) return order;
      }
      return a.pod.uid < b.pod.uid ? -1 : 1;
    });
}

/** The comparison that tells two pods apart in the ranking for the signal. */
export function decidingStep(signal: Signal, a: RankedPod, b: RankedPod): RankStep {
  const comparison = comparisonsOf(SIGNALS[signal].resource).find(([, compare]) => compare(a, b) !== 0);
  return comparison?.[0] ?? "Uid";
}

function comparisonsOf(resource: StarvedResource): readonly Comparison[] {
  return resource === "pids" ? byPriority : byRequest;
}

function withoutStats(pod: EvictablePod): RankedPod {
  return { pod, hasStats: false, usage: 0, request: 0, exceedsRequest: false, aboveRequest: 0 };
}

function measured(resource: StarvedResource, pod: EvictablePod, usage: number): RankedPod {
  const request =
    resource === "memory" ? pod.memoryRequestBytes : resource === "pids" ? 0 : pod.ephemeralStorageRequestBytes;
  // Nobody requests inodes, so any exceeds; the order sets them against bytes all the same, as the kubelet does.
  const exceedsRequest = resource === "inodes" ? usage > 0 : usage > request;
  return { pod, hasStats: true, usage, request, exceedsRequest, aboveRequest: exactDifference(usage, request) };
}

/** Requests may have thousandths of a byte: equal differences come out equal. */
function exactDifference(usage: number, request: number): number {
  const difference = usage - request;
  return Number.isInteger(difference) ? difference : Math.round(difference * 1000) / 1000;
}
