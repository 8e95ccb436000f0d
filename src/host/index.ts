/**
 * host: this machine - its clock, cgroups, mounts, files, logs, records, network addresses and its container runtime -
 * behind the ports. Owns every system call, every program that is started and every path outside of the agent's own
 * words; translates errnos, D-Bus and gRPC errors into the ports' errors. Refuses decisions: what to do is core's.
 */
export { createSystemClock } from "./clock/system-clock.ts";
