/** From the rounds of a running node to a scenario that replays them. */
import type { Container, Pod } from "../../api/types.ts";
import { formatGoDuration } from "../../config/go-duration.ts";
import type { PodStats, Summary } from "../../stats/summary.ts";
import type { EvictionFields } from "../eviction-config.ts";
import type { Scenario, ScenarioStep } from "./scenario.ts";

/** One look of the agent, as it comes over the wire. */
export interface RecordedRound {
  /** Of a clock that never jumps; equal for the looks of one round before and after a reclaim. */
  readonly nowMs: number;
  readonly planKind: "nothing" | "reclaim" | "reclaimPodMemory" | "evict";
  /** Absent: the statistics failed. */
  readonly summary?: Summary;
  readonly pods: readonly Pod[];
}

export interface RecordingNode {
  readonly kubeletConfiguration: EvictionFields;
  readonly dedicatedImageFs: boolean;
}

/** Pods keep only what decides about them. */
export function recordScenario(name: string, node: RecordingNode, rounds: readonly RecordedRound[]): Scenario {
  const startMs = rounds[0]?.nowMs ?? 0;
  const pods = new Map<string, Pod>();
  const steps: ScenarioStep[] = [];
  let reclaimedAtMs: number | undefined;
  for (const round of rounds) {
    for (const pod of round.pods) pods.set(uidOf(pod), essentialPod(pod));
    const last = steps.at(-1);
    if (last !== undefined && reclaimedAtMs === round.nowMs) {
      const after =
        round.summary === undefined ? { summaryAfterReclaimError: true } : { summaryAfterReclaim: round.summary };
      steps[steps.length - 1] = { ...last, ...after };
    } else {
      steps.push({
        at: formatGoDuration(Math.round((round.nowMs - startMs) * 1e6)),
        ...(round.summary !== undefined && { summary: round.summary }),
        activePods: round.pods.map(uidOf),
      });
    }
    reclaimedAtMs = round.planKind === "reclaim" ? round.nowMs : undefined;
  }
  return { name, ...node, pods: [...pods.values()], steps };
}

/** The same with neutral names for pods, namespaces, containers, volumes and the node; UIDs too. */
export function maskNames(scenario: Scenario): Scenario {
  const masks = new Map<string, string>();
  const mask = (kind: string, name: string): string => {
    const key = `${kind}/${name}`;
    const known =
      masks.get(key) ?? `${kind}-${[...masks.keys()].filter((each) => each.startsWith(`${kind}/`)).length + 1}`;
    masks.set(key, known);
    return known;
  };
  return {
    ...scenario,
    pods: scenario.pods.map((pod) => maskPod(pod, mask)),
    steps: scenario.steps.map(({ activePods, summary, summaryAfterReclaim, ...rest }) => ({
      ...rest,
      activePods: activePods.map((uid) => mask("uid", uid)),
      ...(summary !== undefined && { summary: maskSummary(summary, mask) }),
      ...(summaryAfterReclaim !== undefined && { summaryAfterReclaim: maskSummary(summaryAfterReclaim, mask) }),
    })),
  };
}

type Mask = (kind: string, name: string) => string;

function maskPod({ metadata, spec, ...rest }: Pod, mask: Mask): Pod {
  const { name = "", namespace = "", uid = "" } = metadata ?? {};
  const masked = (each: Container): Container => ({ ...each, name: mask("container", each.name) });
  return {
    ...rest,
    metadata: { ...metadata, name: mask("pod", name), namespace: mask("namespace", namespace), uid: mask("uid", uid) },
    ...(spec !== undefined && {
      spec: {
        ...spec,
        containers: spec.containers.map(masked),
        ...(spec.initContainers && { initContainers: spec.initContainers.map(masked) }),
        ...(spec.volumes && { volumes: spec.volumes.map((each) => ({ ...each, name: mask("volume", each.name) })) }),
      },
    }),
  };
}

function maskSummary({ node, pods }: Summary, mask: Mask): Summary {
  const { nodeName, ...rest } = node;
  return {
    node: { ...rest, ...(nodeName !== undefined && { nodeName: "node" }) },
    ...(pods && { pods: pods.map((pod) => maskStats(pod, mask)) }),
  };
}

function maskStats({ podRef, containers, volume, ...rest }: PodStats, mask: Mask): PodStats {
  const { name, namespace, uid } = podRef;
  return {
    ...rest,
    podRef: { name: mask("pod", name), namespace: mask("namespace", namespace), uid: mask("uid", uid) },
    ...(containers && { containers: containers.map((each) => ({ ...each, name: mask("container", each.name) })) }),
    ...(volume && {
      volume: volume.map(({ name: own, pvcRef: _, ...each }) => ({ ...each, name: mask("volume", own) })),
    }),
  };
}

const SOURCE_ANNOTATIONS = ["kubernetes.io/config.source", "kubernetes.io/config.mirror"];

/** What evictablePod looks at. */
function essentialPod({ metadata, spec }: Pod): Pod {
  const { name, namespace, uid, annotations = {} } = metadata ?? {};
  const kept = Object.entries(annotations).filter(([key]) => SOURCE_ANNOTATIONS.includes(key));
  const {
    containers = [],
    initContainers,
    priority,
    overhead,
    terminationGracePeriodSeconds,
    volumes,
    tolerations,
  } = spec ?? {};
  const essential = ({ name: own, resources }: Container): Container => ({
    name: own,
    ...(resources && { resources }),
  });
  return {
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    },
    spec: {
      containers: containers.map(essential),
      ...(initContainers && { initContainers: initContainers.map(essential) }),
      ...(priority !== undefined && { priority }),
      ...(overhead && { overhead }),
      ...(terminationGracePeriodSeconds !== undefined && { terminationGracePeriodSeconds }),
      ...(tolerations && { tolerations }),
      ...(volumes && {
        volumes: volumes.map(({ name: own, hostPath, configMap, gitRepo, emptyDir }) => ({
          name: own,
          ...(hostPath && { hostPath: { path: "/" } }),
          ...(configMap && { configMap: { name: own } }),
          ...(gitRepo && { gitRepo: { repository: own } }),
          ...(emptyDir && { emptyDir }),
        })),
      }),
    },
  };
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? "";
}
