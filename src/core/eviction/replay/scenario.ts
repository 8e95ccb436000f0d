import type { Pod } from "../../api/types.ts";
import type { Summary } from "../../stats/summary.ts";
import type { MemoryFacts } from "../availability.ts";
import type { EvictionFields } from "../eviction-config.ts";
import type { FilesystemLayout } from "../filesystems.ts";
import type { PodInProgress } from "../in-progress.ts";
import type { EvictionPolicy } from "../policy.ts";

/**
 * What a node was, step by step: the input of a replay. One line of a scenario file. What the kubelet knows nothing of is
 * only in recordings of this agent, and optional.
 */
export interface Scenario {
  readonly name: string;
  readonly kubeletConfiguration: EvictionFields;
  /** Images have a filesystem of their own. */
  readonly dedicatedImageFs: boolean;
  /** Which of all the layouts it was; containerfs.* may then be named. Absent: as `dedicatedImageFs` says. */
  readonly filesystems?: FilesystemLayout;
  /** Absent: the kubelet's behaviour. */
  readonly policy?: Partial<EvictionPolicy>;
  readonly pods: readonly Pod[];
  readonly steps: readonly ScenarioStep[];
}

export interface ScenarioStep {
  /** Since the start, a Go duration. */
  readonly at: string;
  /** Absent: the statistics fail. */
  readonly summary?: Summary;
  /** What the summary does not carry. */
  readonly memory?: MemoryFacts;
  /** After a reclaim by the node; absent: as before it. */
  readonly summaryAfterReclaim?: Summary;
  readonly memoryAfterReclaim?: MemoryFacts;
  readonly summaryAfterReclaimError?: boolean;
  /** UIDs, in this order. */
  readonly activePods: readonly string[];
  /** Those on their way out; `sinceMs` is since the start, and negative for what began before it. */
  readonly inProgress?: readonly PodInProgress[];
}
