import { type RunResult, runScenario } from "../sim/scenario/run-scenario.ts";

/** A run that ended, or that could not go on for an error of the program itself. */
export type SeedOutcome = RunResult | { readonly seed: number; readonly error: string };

/** So many drains go by between two rounds of the event loop, which is where a rejection that nobody handles shows. */
const DRAINS_PER_ROUND = 256;
let drains = 0;

/** Pending promises have settled when the next tick comes: it is only taken when no reaction is left to run. */
export function drainMicrotasks(): Promise<void> {
  drains += 1;
  const isRound = drains % DRAINS_PER_ROUND === 0;
  return new Promise((resolve) => {
    if (isRound) setImmediate(resolve);
    else process.nextTick(resolve);
  });
}

/** One scenario in this thread. Never rejects. */
export async function runSeedHere(seed: number, hours: number): Promise<SeedOutcome> {
  try {
    return await runScenario({ seed, hours, drain: drainMicrotasks });
  } catch (error) {
    return { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
