/** Measures disk usage in a thread of its own: takes paths, answers with what they take. */
import { parentPort } from "node:worker_threads";
import { type DiskWalkOptions, walkDisk } from "./disk-walk.ts";

parentPort?.on("message", ({ path, options }: { readonly path: string; readonly options: DiskWalkOptions }) => {
  parentPort?.postMessage(walkDisk(path, options));
});
