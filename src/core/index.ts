/**
 * core: decisions. Data in, data out: what to do about a pod, which container to restart, what a status says.
 * Owns every rule that decides; the daemon, the simulator, the browser page and the tests run these very functions.
 * Refuses I/O, clocks, randomness, logging and node:* imports; `now` and every observation arrive as arguments.
 * Never throws for an expected outcome: failures are values.
 */
export type { Pod, PodSpec, PodStatus } from "./api/types.ts";
