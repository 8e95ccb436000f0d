import type { Pod } from "../../api/types.ts";
import type { Summary } from "../../stats/summary.ts";
import type { EvictionFields } from "../eviction-config.ts";

/** What a node was, step by step: the input of a replay. One line of a scenario file. */
export interface Scenario {
  readonly name: string;
  readonly kubeletConfiguration: EvictionFields;
  /** Images have a filesystem of their own. */
  readonly dedicatedImageFs: boolean;
  readonly pods: readonly Pod[];
  readonly steps: readonly ScenarioStep[];
}

export interface ScenarioStep {
  /** Since the start, a Go duration. */
  readonly at: string;
  /** Absent: the statistics fail. */
  readonly summary?: Summary;
  /** After a reclaim by the node; absent: as before it. */
  readonly summaryAfterReclaim?: Summary;
  readonly summaryAfterReclaimError?: boolean;
  /** UIDs, in this order. */
  readonly activePods: readonly string[];
}
