/** `npm run sim -- --seeds A..B --hours H [--verbose]`: runs the agent on simulated nodes and tells what broke. */
import { parseArgs } from "node:util";
import { type Batch, runBatch } from "./sim-batch.ts";
import { runSeedHere, type SeedOutcome } from "./sim-run-seed.ts";

const USAGE = "usage: npm run sim -- [--seeds A..B] [--hours H] [--verbose]";
const EXIT_USAGE = 2;

function parseBatch(seeds: string, hours: string): Batch | undefined {
  const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(seeds) ?? [];
  if (first === undefined || !(Number(hours) > 0) || Number(last) < Number(first)) return undefined;
  return { firstSeed: Number(first), lastSeed: Number(last), hours: Number(hours) };
}

function report(outcome: SeedOutcome, hours: number, verbose: boolean): boolean {
  const { seed } = outcome;
  const replay = `npm run sim -- --seeds ${seed} --hours ${hours} --verbose`;
  if ("error" in outcome) {
    console.log(`seed ${seed}: the run broke off: ${outcome.error}\n  replay: ${replay}`);
    return false;
  }
  const { violations, steps, agents, starts, traceHash, lastLines } = outcome;
  const facts = `${steps} steps, ${agents} agents, ${starts} container starts, trace ${traceHash}`;
  if (violations.length === 0) {
    if (verbose) console.log(`seed ${seed}: all rules held; ${facts}`);
    return true;
  }
  console.log(`seed ${seed}: FAILED; ${facts}`);
  const lines = verbose ? lastLines : lastLines.slice(-12);
  for (const line of lines) console.log(`    ${line}`);
  for (const { atMs, invariant, message } of violations) {
    console.log(`  broken at ${(atMs / 1000).toFixed(3)} s: ${invariant}\n    ${message}`);
  }
  console.log(`  replay: ${replay}`);
  return false;
}

export async function simMain(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "1..20" },
      hours: { type: "string", default: "1" },
      verbose: { type: "boolean", default: false },
    },
  });
  const batch = parseBatch(values.seeds, values.hours);
  if (batch === undefined) {
    console.error(USAGE);
    return EXIT_USAGE;
  }
  const { firstSeed, lastSeed, hours } = batch;
  const startedAt = performance.now();
  let failed = 0;
  let steps = 0;
  const take = (outcome: SeedOutcome) => {
    if (!report(outcome, hours, values.verbose)) failed += 1;
    if ("steps" in outcome) steps += outcome.steps;
  };
  if (firstSeed === lastSeed) take(await runSeedHere(firstSeed, hours));
  else await runBatch(batch, take);
  const seconds = (performance.now() - startedAt) / 1000;
  const count = lastSeed - firstSeed + 1;
  console.log(`${count} seeds of ${hours} h: ${failed} failed; ${steps} steps in ${seconds.toFixed(1)} s`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await simMain(process.argv.slice(2));
