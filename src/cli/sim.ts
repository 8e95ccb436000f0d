/** `npm run sim -- --seeds A..B --hours H [--verbose]`: runs the agent on simulated nodes and tells what broke. */
import { parseArgs } from "node:util";
import { type Batch, runBatch } from "./sim-batch.ts";
import { hasFailed, reportLines } from "./sim-report.ts";
import { runSeedHere, type SeedOutcome } from "./sim-run-seed.ts";

const USAGE = "usage: npm run sim -- [--seeds A..B] [--hours H] [--verbose]";
const EXIT_USAGE = 2;

function parseBatch(seeds: string, hours: string): Batch | undefined {
  const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(seeds) ?? [];
  if (first === undefined || !(Number(hours) > 0) || Number(last) < Number(first)) return undefined;
  return { firstSeed: Number(first), lastSeed: Number(last), hours: Number(hours) };
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
    if (hasFailed(outcome)) failed += 1;
    if (!hasFailed(outcome) && !values.verbose) return;
    for (const line of reportLines(outcome, hours, values.verbose)) console.log(line);
  };
  const count = (outcome: SeedOutcome) => {
    take(outcome);
    if ("steps" in outcome) steps += outcome.steps;
  };
  if (firstSeed === lastSeed) count(await runSeedHere(firstSeed, hours));
  else await runBatch(batch, count);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${lastSeed - firstSeed + 1} seeds of ${hours} h: ${failed} failed; ${steps} steps in ${seconds.toFixed(1)} s`,
  );
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await simMain(process.argv.slice(2));
