/**
 * sim: a virtual node behind the agent's ports - clock, container runtime, cgroups, disk, records, manifests - and the
 * scenario runner that runs the real agent on it, breaks things by a seed and checks what must always hold.
 * Owns time and chance: all follows from the seed, and a run with the same seed replays exactly. Refuses real time, real
 * I/O and randomness of the machine; it is given one function from outside, which lets pending promises settle.
 */
export { type RunOptions, type RunResult, runScenario } from "./scenario/run-scenario.ts";
