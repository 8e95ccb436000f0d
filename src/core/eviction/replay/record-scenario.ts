/** From the rounds of a running node to a scenario that replays them. */
import type { Pod } from "../../api/types.ts";
import { formatGoDuration } from "../../config/go-duration.ts";
import type { Summary } from "../../stats/summary.ts";
import type { MemoryFacts } from "../availability.ts";
import type { EvictionConfig, EvictionFields } from "../eviction-config.ts";
import type { PodInProgress } from "../in-progress.ts";
import type { EvictionPlan } from "../plan.ts";
import type { EvictionInput } from "../step.ts";
import { essentialPod, essentialSummary } from "./essential.ts";
import type { Scenario, ScenarioStep } from "./scenario.ts";

/** One look of the agent, as it comes over the wire. */
export interface RecordedRound {
  /** Of a clock that never jumps; equal for the looks of one round before and after a reclaim. */
  readonly nowMs: number;
  readonly planKind: EvictionPlan["kind"];
  /** Absent: the statistics failed. */
  readonly summary?: Summary;
  readonly memory?: MemoryFacts;
  readonly pods: readonly Pod[];
  readonly inProgress?: readonly PodInProgress[];
}

/** What the node decides by, for as long as it runs. */
export type RecordingNode = Pick<Scenario, "kubeletConfiguration" | "dedicatedImageFs" | "filesystems" | "policy">;

/** `fields` are those that `config` was made of. */
export function recordingNode(fields: EvictionFields, { filesystems, policy }: EvictionConfig): RecordingNode {
  return {
    kubeletConfiguration: fields,
    dedicatedImageFs: filesystems === "DedicatedImages",
    filesystems,
    policy,
  };
}

/** What a look saw, reduced to what decides. */
export function recordedRound(input: EvictionInput, plan: Pick<EvictionPlan, "kind">): RecordedRound {
  const { nowMs, summary, memory, activePods, inProgress = [] } = input;
  return {
    nowMs,
    planKind: plan.kind,
    ...(summary !== undefined && { summary: essentialSummary(summary) }),
    ...(memory !== undefined && { memory }),
    pods: activePods.map(({ pod }) => essentialPod(pod)),
    ...(inProgress.length > 0 && { inProgress }),
  };
}

/**
 * A step for each round. The replay begins without a memory: what the node had seen before the first round (how long a
 * soft threshold was met, a condition that only lingers) is not in it.
 */
export function recordScenario(name: string, node: RecordingNode, rounds: readonly RecordedRound[]): Scenario {
  const startMs = rounds[0]?.nowMs ?? 0;
  const pods = new Map<string, Pod>();
  const steps: ScenarioStep[] = [];
  let reclaimedAtMs: number | undefined;
  for (const round of rounds) {
    const { nowMs, planKind } = round;
    for (const pod of round.pods) pods.set(uidOf(pod), pod);
    const last = steps.at(-1);
    if (last !== undefined && reclaimedAtMs === nowMs)
      steps[steps.length - 1] = { ...last, ...lookAfterReclaim(round) };
    else steps.push(stepOf(round, startMs));
    reclaimedAtMs = planKind === "reclaim" || planKind === "reclaimPodMemory" ? nowMs : undefined;
  }
  return { name, ...node, pods: [...pods.values()], steps };
}

function stepOf({ nowMs, summary, memory, pods, inProgress }: RecordedRound, startMs: number): ScenarioStep {
  return {
    at: formatGoDuration(Math.round((nowMs - startMs) * 1e6)),
    ...(summary !== undefined && { summary }),
    ...(memory !== undefined && { memory }),
    activePods: pods.map(uidOf),
    ...(inProgress !== undefined && {
      inProgress: inProgress.map((one) => ({ ...one, sinceMs: one.sinceMs - startMs })),
    }),
  };
}

function lookAfterReclaim({ summary, memory }: RecordedRound): Partial<ScenarioStep> {
  if (summary === undefined) return { summaryAfterReclaimError: true };
  return { summaryAfterReclaim: summary, ...(memory !== undefined && { memoryAfterReclaim: memory }) };
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? "";
}
