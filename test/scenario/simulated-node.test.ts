/** The agent on simulated nodes that are shaken in every way the simulator knows: see docs/simulation.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runBatch } from "../../src/cli/sim-batch.ts";
import { hasFailed, reportLines } from "../../src/cli/sim-report.ts";
import { runSeedHere, type SeedOutcome } from "../../src/cli/sim-run-seed.ts";

const SEEDS = 200;

test(`all rules hold on ${SEEDS} nodes for a simulated hour each`, async () => {
  const outcomes: SeedOutcome[] = [];
  await runBatch({ firstSeed: 1, lastSeed: SEEDS, hours: 1 }, (outcome) => outcomes.push(outcome));
  assert.equal(outcomes.length, SEEDS);
  const failed = outcomes.filter(hasFailed);
  assert.equal(failed.length, 0, failed.flatMap((outcome) => reportLines(outcome, 1, false)).join("\n"));
});

test("a seed replays exactly, and another one is another story", async () => {
  const hashes = [];
  for (const seed of [7, 7, 8]) {
    const outcome = await runSeedHere(seed, 0.2);
    assert.ok("traceHash" in outcome);
    hashes.push(`${outcome.traceHash} after ${outcome.steps}`);
  }
  assert.equal(hashes[0], hashes[1]);
  assert.notEqual(hashes[0], hashes[2]);
});
