/** Runs scenarios in a thread of its own: takes seeds, answers with results. */
import { parentPort } from "node:worker_threads";
import { runSeedHere } from "./sim-run-seed.ts";

// Most errors of a run are simulated; nobody reads their stacks.
Error.stackTraceLimit = 0;

let last: Promise<void> = Promise.resolve();
parentPort?.on("message", ({ seed, hours }: { readonly seed: number; readonly hours: number }) => {
  last = last.then(async () => parentPort?.postMessage(await runSeedHere(seed, hours)));
});
