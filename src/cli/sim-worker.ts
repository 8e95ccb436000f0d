/** Runs scenarios in a thread of its own: takes seeds, answers with results. */
import { parentPort } from "node:worker_threads";
import { runSeedHere } from "./sim-run-seed.ts";

// Most errors of a run are simulated; nobody reads their stacks.
Error.stackTraceLimit = 0;

parentPort?.on("message", ({ seed, hours }: { readonly seed: number; readonly hours: number }) => {
  void runSeedHere(seed, hours).then((outcome) => parentPort?.postMessage(outcome));
});
