/**
 * ports: what the agent asks of the world, as interfaces - time, the container runtime, cgroups, files, sources of pods,
 * records, logs. Owns the contracts and their words; the host room and the simulator implement them and pass the same
 * contract suites. Refuses any implementation.
 */
export type { Clock } from "./clock.ts";
