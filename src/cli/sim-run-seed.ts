import { type RunResult, runScenario } from "../sim/scenario/run-scenario.ts";

/** A run that ended, or that could not go on for an error of the program itself. */
export type SeedOutcome = RunResult | { readonly seed: number; readonly error: string };

/** Pending promises have settled once the event loop comes round to this. */
export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
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
