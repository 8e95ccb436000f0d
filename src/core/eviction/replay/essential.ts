/** What of a pod and of a summary eviction looks at: the rest is nobody's business in a recording. */
import type { Container, Pod, Volume } from "../../api/types.ts";
import { CONFIG_MIRROR_ANNOTATION, CONFIG_SOURCE_ANNOTATION } from "../../pod/critical.ts";
import type { ContainerStats, NodeStats, PodStats, Summary } from "../../stats/summary.ts";

/** The pod with what evictablePod reads. */
export function essentialPod({ metadata, spec }: Pod): Pod {
  const { name, namespace, uid, annotations = {} } = metadata ?? {};
  const { containers = [], initContainers, priority, overhead, terminationGracePeriodSeconds, volumes } = spec ?? {};
  const source = annotations[CONFIG_SOURCE_ANNOTATION];
  const isMirror = annotations[CONFIG_MIRROR_ANNOTATION] !== undefined;
  const kept = {
    ...(source !== undefined && { [CONFIG_SOURCE_ANNOTATION]: source }),
    ...(isMirror && { [CONFIG_MIRROR_ANNOTATION]: "" }),
  };
  return {
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(Object.keys(kept).length > 0 && { annotations: kept }),
    },
    spec: {
      containers: containers.map(essentialContainer),
      ...(initContainers && { initContainers: initContainers.map(essentialContainer) }),
      ...(priority !== undefined && { priority }),
      ...(overhead && { overhead }),
      ...(terminationGracePeriodSeconds !== undefined && { terminationGracePeriodSeconds }),
      ...(volumes && { volumes: volumes.map(essentialVolume) }),
    },
  };
}

/** The summary with what observeSignals and podUsage read. */
export function essentialSummary({ node, pods }: Summary): Summary {
  const { nodeName, memory, fs, runtime, rlimit, swap, systemContainers } = node;
  const kept: NodeStats = {
    ...(nodeName !== undefined && { nodeName }),
    ...(memory && { memory }),
    ...(fs && { fs }),
    ...(runtime && { runtime }),
    ...(rlimit && { rlimit }),
    ...(swap && { swap }),
    ...(systemContainers && { systemContainers: systemContainers.map(essentialStats) }),
  };
  return { node: kept, ...(pods && { pods: pods.map(essentialPodStats) }) };
}

// restartPolicy tells a sidecar, whose request counts beside those of the containers.
function essentialContainer({ name, resources, restartPolicy }: Container): Container {
  const { requests, limits } = resources ?? {};
  return {
    name,
    ...(resources && { resources: { ...(requests && { requests }), ...(limits && { limits }) } }),
    ...(restartPolicy !== undefined && { restartPolicy }),
  };
}

/** Which kind it is, not what it names. */
function essentialVolume({ name, hostPath, configMap, gitRepo, emptyDir }: Volume): Volume {
  return {
    name,
    ...(hostPath && { hostPath: { path: "/" } }),
    ...(configMap && { configMap: { name: "" } }),
    ...(gitRepo && { gitRepo: { repository: "" } }),
    ...(emptyDir && { emptyDir }),
  };
}

function essentialPodStats(stats: PodStats): PodStats {
  const { podRef, containers, memory, swap, volume, process_stats } = stats;
  const storage = stats["ephemeral-storage"];
  return {
    podRef,
    ...(containers && { containers: containers.map(essentialStats) }),
    ...(memory && { memory }),
    ...(swap && { swap }),
    ...(volume && { volume: volume.map(({ pvcRef: _, ...each }) => each) }),
    ...(storage && { "ephemeral-storage": storage }),
    ...(process_stats && { process_stats }),
  };
}

function essentialStats({ name, memory, rootfs, logs, swap }: ContainerStats): ContainerStats {
  return { name, ...(memory && { memory }), ...(rootfs && { rootfs }), ...(logs && { logs }), ...(swap && { swap }) };
}
