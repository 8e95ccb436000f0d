/**
 * server: the agent over HTTP - healthz, the read-only port, the local API on a unix socket in the shapes of Kubernetes.
 * Owns listening, routes and the forms of answers. Refuses any truth of its own: everything served is asked of the
 * agent's view at that moment. Never imports the host or the simulator.
 */
export type { ShutDownOptions } from "./api/node-routes.ts";
export type { ServerPorts } from "./api/ports.ts";
export { Servers, type ServersOptions } from "./servers.ts";
