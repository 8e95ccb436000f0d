import type { SeedOutcome } from "./sim-run-seed.ts";

/** Lines of the trace that are shown of a failed run without `--verbose`. */
const SHORT_TRACE_LINES = 12;

export function hasFailed(outcome: SeedOutcome): boolean {
  return "error" in outcome || outcome.violations.length > 0;
}

/** What a person reads of one run: what broke, what happened before, and how to see it again. */
export function reportLines(outcome: SeedOutcome, hours: number, verbose: boolean): readonly string[] {
  const { seed } = outcome;
  const replay = `  replay: npm run sim -- --seeds ${seed} --hours ${hours} --verbose`;
  if ("error" in outcome) return [`seed ${seed}: the run broke off: ${outcome.error}`, replay];
  const { violations, steps, agents, starts, evictions, traceHash, lastLines } = outcome;
  const facts = `${steps} steps, ${agents} agents, ${starts} container starts, ${evictions} evictions, trace ${traceHash}`;
  if (violations.length === 0) return [`seed ${seed}: all rules held; ${facts}`];
  const lines = verbose ? lastLines : lastLines.slice(-SHORT_TRACE_LINES);
  return [
    `seed ${seed}: FAILED; ${facts}`,
    ...lines.map((line) => `    ${line}`),
    ...violations.flatMap(({ atMs, invariant, message }) => [
      `  broken at ${(atMs / 1000).toFixed(3)} s: ${invariant}`,
      `    ${message}`,
    ]),
    replay,
  ];
}
