import { isDeepStrictEqual } from "node:util";
import { replayScenario, type Scenario, type StepResult, stepResult } from "../../../src/core/eviction/index.ts";
import type { Topic } from "../case.ts";

type Expected = Readonly<Record<string, unknown>> & { readonly alternatives?: readonly Record<string, unknown>[] };

/** These fields together are as in the entry itself or as in one of its alternatives. */
const PICKED = ["reclaimCalls", "nodeEvents", "evicted", "podEvents", "ranking", "tie"];

function picked(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(PICKED.flatMap((field) => (entry[field] === undefined ? [] : [[field, entry[field]]])));
}

/** The entry with the alternative that the result equals, if there is one. */
function settleAlternatives({ alternatives = [], ...entry }: Expected, actual: StepResult | undefined): unknown {
  const ours = picked(JSON.parse(JSON.stringify(actual ?? {})));
  const same = alternatives.find((alternative) => isDeepStrictEqual(picked(alternative), ours));
  if (same === undefined) return entry;
  const rest = Object.entries(entry).filter(([field]) => !PICKED.includes(field));
  return { ...Object.fromEntries(rest), ...picked(same) };
}

export const topic: Topic = ({ expected }, line) => {
  const replay = replayScenario(line as unknown as Scenario);
  if ("error" in replay) return { actual: replay };
  const actual = replay.steps.map((step) => stepResult(replay.config, step));
  return {
    actual,
    expected: (expected as readonly Expected[]).map((entry, i) => settleAlternatives(entry, actual[i])),
  };
};
