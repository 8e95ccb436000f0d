/** The agent's HTTP servers: healthz, the read-only port and the local API on a unix socket. */
import { eventRoutes } from "./api/event-routes.ts";
import { type NodeRouteOptions, nodeRoutes } from "./api/node-routes.ts";
import { listObject } from "./api/objects.ts";
import { podRoutes } from "./api/pod-routes.ts";
import type { ServerPorts } from "./api/ports.ts";
import { pressureRoutes } from "./api/pressure-routes.ts";
import { publicPressure } from "./api/public-pressure.ts";
import { recordingRoute } from "./api/recording-route.ts";
import { statsRoutes } from "./api/stats-routes.ts";
import { healthRoutes, kubeletHealthChecks } from "./healthz.ts";
import { answerJson } from "./http/answer.ts";
import { HttpListener, type HttpListenerOptions } from "./http/http-listener.ts";
import type { Route } from "./http/route-table.ts";
import { machineSpec } from "./machine-spec.ts";

export interface ServersOptions extends NodeRouteOptions {
  /** Port 0: none. */
  readonly healthz: { readonly host: string; readonly port: number };
  readonly readOnly: { readonly host: string; readonly port: number };
  /** Path of the local API's socket; only root can open it. */
  readonly socketPath: string;
}

export class Servers {
  readonly #listeners: readonly HttpListener[];

  constructor(ports: ServerPorts, options: ServersOptions) {
    const { healthz, readOnly, socketPath } = options;
    const health = healthRoutes(kubeletHealthChecks(ports.agent));
    const all: readonly HttpListenerOptions[] = [
      {
        name: "local API",
        address: { socketPath },
        routes: [...health, ...localRoutes(ports, options)],
        errors: "status",
      },
      { name: "healthz", address: healthz, routes: health, errors: "text" },
      { name: "read-only port", address: readOnly, routes: [...health, ...readOnlyRoutes(ports)], errors: "text" },
    ];
    const wanted = all.filter(({ address }) => "socketPath" in address || address.port !== 0);
    this.#listeners = wanted.map((listener) => new HttpListener(ports, listener));
  }

  async start(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.start()));
  }

  /** Connections that are open are broken off. */
  async stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
  }
}

function localRoutes(ports: ServerPorts, options: NodeRouteOptions): readonly Route[] {
  return [
    ...podRoutes(ports),
    ...eventRoutes(ports),
    ...nodeRoutes(ports, options),
    ...statsRoutes(ports),
    ...pressureRoutes(ports),
    recordingRoute(ports),
  ];
}

/** Source: kubelet server.go InstallDefaultHandlers, as far as they are read-only, and cAdvisor's /spec/. */
export function readOnlyRoutes({
  agent,
  clock,
  machine,
}: Pick<ServerPorts, "agent" | "clock" | "machine">): readonly Route[] {
  const pods: Route["handle"] = (_request, response) => answerJson(response, listObject("Pod", agent.pods()));
  const spec: Route["handle"] = (_request, response) => answerJson(response, machineSpec(machine, clock.now()));
  return [
    { methods: ["GET"], path: "/pods", handle: pods },
    { methods: ["GET"], path: "/pods/", handle: pods },
    { methods: ["GET"], path: "/spec", handle: spec },
    { methods: ["GET"], path: "/spec/", handle: spec },
    ...statsRoutes({ agent }),
    ...pressureRoutes({ agent: publicPressure(agent, clock) }),
  ];
}
