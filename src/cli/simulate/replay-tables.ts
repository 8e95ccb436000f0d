/** Replays as rows for the terminal. */
import {
  type FinishedReplay,
  finalPlan,
  type PolicyOutcome,
  PRESSURE_CONDITIONS,
  type ReplayedStep,
  type ScenarioComparison,
} from "../../core/eviction/index.ts";
import type { Row } from "../show/table.ts";

export const STEP_HEADER: Row = ["SCENARIO", "AT", "CONDITIONS", "THRESHOLD", "RECLAIM", "EVICTED"];

/** One row for each step. */
export function stepRows(name: string, { steps }: FinishedReplay): readonly Row[] {
  return steps.map((step) => {
    const plan = finalPlan(step);
    const { state } = step.second ?? step.first;
    const { plan: first } = step.first;
    const key = "thresholdKey" in first ? first.thresholdKey : undefined;
    const evicted = plan.kind === "evict" ? plan.victims.map((victim) => victim.name).join(" ") : "";
    const cause = plan.kind === "evict" && plan.cause === "LocalStorage" ? "local storage limit" : (key ?? "");
    return [name, seconds(step.atMs), state.conditions.join(" "), cause, reclaimOf(step), evicted];
  });
}

function reclaimOf({ first, second }: ReplayedStep): string {
  const { plan } = first;
  if (plan.kind !== "reclaim" && plan.kind !== "reclaimPodMemory") return "";
  const what = plan.kind === "reclaim" ? plan.steps.join(" ") : "pod memory";
  return `${what}: ${second?.trace.reclaim?.succeeded === true ? "enough" : "not enough"}`;
}

export const COMPARISON_HEADER: Row = [
  "SCENARIO",
  "POLICY",
  "EVICTED",
  "FALSE",
  ...PRESSURE_CONDITIONS.map(shout),
  "WHO",
];

function shout(text: string): string {
  return text.replace("Pressure", "-PRESSURE").toUpperCase();
}

/** Two rows: the recorded policy and the other one. */
export function comparisonRows(name: string, { own, other }: ScenarioComparison): readonly Row[] {
  return [outcomeRow(name, "recorded", own), outcomeRow(name, "other", other)];
}

function outcomeRow(name: string, policy: string, { evictions, pressureMs }: PolicyOutcome): Row {
  const who = evictions.map((one) => `${one.name}@${seconds(one.atMs)}${one.isFalse ? "!" : ""}`);
  const pressure = PRESSURE_CONDITIONS.map((condition) => seconds(pressureMs[condition] ?? 0));
  return [name, policy, String(evictions.length), String(countFalse(evictions)), ...pressure, who.join(" ")];
}

/** The sums over all scenarios; nothing for a single one. */
export function totalRows(comparisons: readonly ScenarioComparison[]): readonly Row[] {
  if (comparisons.length < 2) return [];
  const total = (policy: string, outcomes: readonly PolicyOutcome[]): Row => {
    const evictions = outcomes.flatMap((outcome) => outcome.evictions);
    const pressure = PRESSURE_CONDITIONS.map((condition) =>
      seconds(outcomes.reduce((sum, { pressureMs }) => sum + (pressureMs[condition] ?? 0), 0)),
    );
    return ["TOTAL", policy, String(evictions.length), String(countFalse(evictions)), ...pressure, ""];
  };
  return [
    total(
      "recorded",
      comparisons.map(({ own }) => own),
    ),
    total(
      "other",
      comparisons.map(({ other }) => other),
    ),
  ];
}

function countFalse(evictions: PolicyOutcome["evictions"]): number {
  return evictions.filter(({ isFalse }) => isFalse).length;
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(3))}s`;
}
