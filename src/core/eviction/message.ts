/** What an eviction says. Source: kubelet eviction evictionMessage of 1.26. */

import { exactAmount, formatQuantity, quantityFromInteger, quantityOrZero } from "../quantity/index.ts";
import type { ContainerStats, PodStats } from "../stats/summary.ts";
import type { EvictablePod } from "./evictable-pod.ts";
import type { Observation } from "./observations.ts";
import { SIGNALS, type StarvedResource } from "./signals.ts";
import { type Threshold, thresholdQuantity } from "./threshold.ts";

export interface EvictionMessage {
  /** Ends with a blank. */
  readonly message: string;
  /** Of the event; absent for a pod without statistics. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Names the shortage and the containers that use more than they requested, in the order of the statistics. */
export function evictionMessage(
  pod: EvictablePod,
  stats: PodStats | undefined,
  threshold: Threshold,
  observation: Observation,
): EvictionMessage {
  const { resource, format } = SIGNALS[threshold.signal];
  const quantity = thresholdQuantity(threshold.value, observation.capacity);
  const available = formatQuantity(quantityFromInteger(observation.available, format));
  const shortage = `The node was low on resource: ${resource}. Threshold quantity: ${quantity}, available: ${available}. `;
  if (stats === undefined) return { message: shortage };
  const offenders = offendingContainers(pod, stats, resource);
  const texts = offenders.map(
    ({ name, usage, request }) =>
      `Container ${name} was using ${usage}, request is ${request}, has larger consumption of ${resource}. `,
  );
  return {
    message: shortage + texts.join(""),
    annotations: {
      offending_containers: offenders.map(({ name }) => name).join(","),
      offending_containers_usage: offenders.map(({ usage }) => usage).join(","),
      starved_resource: resource,
    },
  };
}

interface Offender {
  readonly name: string;
  readonly usage: string;
  readonly request: string;
}

function offendingContainers({ pod }: EvictablePod, stats: PodStats, resource: StarvedResource): readonly Offender[] {
  return (stats.containers ?? []).flatMap((containerStats): readonly Offender[] => {
    const container = pod.spec?.containers.find(({ name }) => name === containerStats.name);
    const usedBytes = containerUsage(containerStats, resource);
    if (container === undefined || usedBytes === undefined) return [];
    const request = quantityOrZero(container.resources?.requests?.[resource]);
    if (usedBytes <= exactAmount(request)) return [];
    const usage = formatQuantity(quantityFromInteger(usedBytes, "BinarySI"));
    return [{ name: container.name, usage, request: formatQuantity(request) }];
  });
}

/** Undefined where it was not measured in full, and for resources that nobody requests. */
function containerUsage({ memory, rootfs, logs }: ContainerStats, resource: StarvedResource): number | undefined {
  if (resource === "memory") return memory?.workingSetBytes;
  if (resource !== "ephemeral-storage" || rootfs?.usedBytes === undefined) return undefined;
  return logs?.usedBytes === undefined ? undefined : rootfs.usedBytes + logs.usedBytes;
}
