/**
 * agent: the loops that own time and state - pod manager, pod workers, PLEG, status, images, volumes, cgroups, garbage,
 * log rotation - each observing through ports, deciding with core, applying through ports.
 * Owns the order in which things happen and what is remembered. Refuses decisions of its own, node:* and everything that
 * knows which machine it is on: the daemon and the simulated node run the very same loops.
 */
export type { Agent, AgentOptions, AgentPorts } from "./agent.ts";
export { createAgent } from "./create-agent.ts";
