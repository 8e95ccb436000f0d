/** Runs many seeds on all processors; results come in the order of their seeds. */
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { SeedOutcome } from "./sim-run-seed.ts";

export interface Batch {
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly hours: number;
}

/** One scenario runs in a thread at a time; the next one waits there already. */
const SEEDS_PER_THREAD = 2;

/** Nearly everything that a step makes is dropped at once: the more room there is, the less is copied before. */
const YOUNG_GENERATION_MB = 96;

export async function runBatch({ firstSeed, lastSeed, hours }: Batch, onOutcome: (outcome: SeedOutcome) => void) {
  // Much code runs a little: it is optimized sooner, and by what it really meets, when it is watched from its first run.
  setFlagsFromString("--no-lazy-feedback-allocation");
  const waiting = new Map<number, SeedOutcome>();
  let next = firstSeed;
  let reported = firstSeed;
  const take = (outcome: SeedOutcome) => {
    waiting.set(outcome.seed, outcome);
    for (let due = waiting.get(reported); due !== undefined; due = waiting.get(reported)) {
      waiting.delete(reported);
      reported += 1;
      onOutcome(due);
    }
  };
  const thread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.resolve("./sim-worker.ts")), {
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      });
      let open = 0;
      const feed = () => {
        while (open < SEEDS_PER_THREAD && next <= lastSeed) {
          worker.postMessage({ seed: next++, hours });
          open += 1;
        }
        if (open === 0) void worker.terminate().then(() => resolve());
      };
      worker.on("error", reject);
      worker.on("message", (outcome: SeedOutcome) => {
        open -= 1;
        take(outcome);
        feed();
      });
      feed();
    });
  const threads = Math.min(availableParallelism(), lastSeed - firstSeed + 1);
  await Promise.all(Array.from({ length: threads }, thread));
}
