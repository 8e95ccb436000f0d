import type { Container, Pod } from "../../api/types.ts";
import type { ContainerStats, PodStats, Summary } from "../../stats/summary.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The scenario with neutral names for pods, namespaces, containers, volumes and the node, and neutral UIDs: the same name
 * is the same mask everywhere. UIDs keep their order, since the order decides between pods that are equal.
 */
export function maskNames(scenario: Scenario): Scenario {
  const mask = new Masks(uidsOf(scenario));
  return {
    ...scenario,
    pods: scenario.pods.map((pod) => maskPod(pod, mask)),
    steps: scenario.steps.map(({ activePods, inProgress, summary, summaryAfterReclaim, ...rest }) => ({
      ...rest,
      activePods: activePods.map((uid) => mask.uid(uid)),
      ...(inProgress && { inProgress: inProgress.map((one) => ({ ...one, uid: mask.uid(one.uid) })) }),
      ...(summary && { summary: maskSummary(summary, mask) }),
      ...(summaryAfterReclaim && { summaryAfterReclaim: maskSummary(summaryAfterReclaim, mask) }),
    })),
  };
}

type NameKind = "pod" | "namespace" | "container" | "volume";

class Masks {
  readonly #uids: ReadonlyMap<string, string>;
  readonly #names: Readonly<Record<NameKind, Map<string, string>>> = {
    pod: new Map(),
    namespace: new Map(),
    container: new Map(),
    volume: new Map(),
  };

  constructor(uids: ReadonlySet<string>) {
    const digits = String(uids.size).length;
    const sorted = [...uids].sort((a, b) => (a < b ? -1 : 1));
    this.#uids = new Map(sorted.map((uid, index) => [uid, `uid-${String(index + 1).padStart(digits, "0")}`]));
  }

  uid(uid: string): string {
    return this.#uids.get(uid) ?? "uid";
  }

  name(kind: NameKind, name: string): string {
    const known = this.#names[kind];
    const masked = known.get(name) ?? `${kind}-${known.size + 1}`;
    known.set(name, masked);
    return masked;
  }
}

function uidsOf({ pods, steps }: Scenario): ReadonlySet<string> {
  const measured = (summary: Summary | undefined) => (summary?.pods ?? []).map(({ podRef }) => podRef.uid);
  return new Set([
    ...pods.map(({ metadata }) => metadata?.uid ?? ""),
    ...steps.flatMap(({ activePods, inProgress = [], summary, summaryAfterReclaim }) => [
      ...activePods,
      ...inProgress.map(({ uid }) => uid),
      ...measured(summary),
      ...measured(summaryAfterReclaim),
    ]),
  ]);
}

function maskPod({ metadata, spec, ...rest }: Pod, mask: Masks): Pod {
  const { name = "", namespace = "", uid = "" } = metadata ?? {};
  const masked = (each: Container): Container => ({ ...each, name: mask.name("container", each.name) });
  return {
    ...rest,
    metadata: {
      ...metadata,
      name: mask.name("pod", name),
      namespace: mask.name("namespace", namespace),
      uid: mask.uid(uid),
    },
    ...(spec !== undefined && {
      spec: {
        ...spec,
        containers: spec.containers.map(masked),
        ...(spec.initContainers && { initContainers: spec.initContainers.map(masked) }),
        ...(spec.volumes && {
          volumes: spec.volumes.map((each) => ({ ...each, name: mask.name("volume", each.name) })),
        }),
      },
    }),
  };
}

function maskSummary({ node, pods }: Summary, mask: Masks): Summary {
  const { nodeName, ...rest } = node;
  return {
    node: { ...rest, ...(nodeName !== undefined && { nodeName: "node" }) },
    ...(pods && { pods: pods.map((pod) => maskStats(pod, mask)) }),
  };
}

function maskStats({ podRef, containers, volume, ...rest }: PodStats, mask: Masks): PodStats {
  const { name, namespace, uid } = podRef;
  const masked = (each: ContainerStats) => ({ ...each, name: mask.name("container", each.name) });
  return {
    ...rest,
    podRef: { name: mask.name("pod", name), namespace: mask.name("namespace", namespace), uid: mask.uid(uid) },
    ...(containers && { containers: containers.map(masked) }),
    ...(volume && { volume: volume.map((each) => ({ ...each, name: mask.name("volume", each.name) })) }),
  };
}
