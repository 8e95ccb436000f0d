/** The eviction core alone: one decision with many pods, and scenarios a second. The floor is a bare sort of the same pods. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { replayScenario, type Scenario } from "../src/core/eviction/index.ts";
import { EvictionNode, inputOf, MI, type TestPod } from "../test/support/eviction-node.ts";
import { round, summary } from "./support.ts";

const POD_COUNTS = [110, 500, 2000];
const REPEATS = 50;
const SCENARIOS = join(import.meta.dirname, "../test/conformance/eviction-public.ndjson.gz");

export function decisionFigures(): unknown {
  return { step: POD_COUNTS.map(stepFigures), simulator: simulatorFigures() };
}

function stepFigures(count: number): unknown {
  const pods: readonly TestPod[] = Array.from({ length: count }, (_, i) => ({
    uid: `pod-${(i * 7919) % count}`,
    usedMi: 1 + ((i * 104729) % 500),
    requestMi: (i * 31) % 200,
    priority: i % 5,
  }));
  const decisions: number[] = [];
  const sorts: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    const node = new EvictionNode({ evictionHard: { "memory.available": "200Mi" } });
    const input = inputOf({ atSeconds: 0, availableMi: 100, pods });
    const stats = input.summary?.pods ?? [];
    sorts.push(timed(() => stats.toSorted((a, b) => usage(b) - usage(a))));
    decisions.push(timed(() => node.step({ atSeconds: 0, availableMi: 100, pods: [] }, input)));
  }
  return { pods: count, decisionMs: summary(decisions), bareSortMs: summary(sorts) };
}

function usage(stats: { readonly memory?: { readonly workingSetBytes?: number } }): number {
  return (stats.memory?.workingSetBytes ?? 0) / MI;
}

function simulatorFigures(): unknown {
  const lines = gunzipSync(readFileSync(SCENARIOS)).toString().trim().split("\n");
  const scenarios = lines.map((line): Scenario => JSON.parse(line));
  const steps = scenarios.reduce((sum, { steps }) => sum + steps.length, 0);
  const rates: number[] = [];
  const parsing: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    parsing.push(timed(() => lines.map((line) => JSON.parse(line))));
    const tookMs = timed(() => scenarios.map((scenario) => replayScenario(scenario)));
    rates.push(round(steps / (tookMs / 1000)));
  }
  return { scenarios: scenarios.length, steps, stepsPerSecond: summary(rates), bareParsingMs: summary(parsing) };
}

function timed(work: () => unknown): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}
