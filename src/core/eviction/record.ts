import type { PodStats } from "../stats/summary.ts";
import type { Victim } from "./plan.ts";
import type { EvictionTrace } from "./trace.ts";

/** One eviction, to be read long after. Plain JSON; times are milliseconds since 1970. */
export interface EvictionRecord {
  readonly id: string;
  readonly atMs: number;
  readonly cause: "LocalStorage" | "Threshold";
  /** Absent for local storage limits. */
  readonly thresholdKey?: string;
  readonly victim: Victim;
  /** Why: thresholds, measurements and ranking of the step that decided it. */
  readonly trace: EvictionTrace;
  /** What the victim used then; absent: not measured. */
  readonly stats?: PodStats;
  /** By container: what it logged last, when it was decided. */
  readonly lastLogLines: Readonly<Record<string, string>>;
  /** The policy only wanted to know. */
  readonly dryRun: boolean;
  /** When nothing of it ran any more; absent: it is not over, or was only to be known. */
  readonly goneAtMs?: number;
}
