/** Runs scenarios in a thread of its own: takes seeds, answers with results. */
import { parentPort } from "node:worker_threads";
import { runSeedHere } from "./sim-run-seed.ts";

parentPort?.on("message", ({ seed, hours }: { readonly seed: number; readonly hours: number }) => {
  void runSeedHere(seed, hours).then((outcome) => parentPort?.postMessage(outcome));
});
