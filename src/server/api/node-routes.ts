/** The node and what is its own: images, ConfigMaps, Secrets, what is wrong with manifests, and its end. */
import { formatTime } from "../../core/api/time.ts";
import type { ConfigMap, PersistentVolumeClaim, Secret } from "../../core/api/types.ts";
import { RequestError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { csiNodeObject, listObject, nodeObject, withKind } from "./objects.ts";
import type { ServerPorts } from "./ports.ts";
import { parseSelector } from "./selector.ts";

export interface ShutDownOptions {
  /** End all pods first. */
  readonly stopPods: boolean;
  /** At most this much grace for each of them. */
  readonly graceSeconds?: number;
}

export interface NodeRouteOptions {
  readonly agentVersion: string;
  /** Ends the agent; called once the answer is out. */
  readonly shutDown: (options: ShutDownOptions) => void;
}

export function nodeRoutes(ports: ServerPorts, options: NodeRouteOptions): readonly Route[] {
  const { agent, machine } = ports;
  // A node that stands alone is as old as its agent.
  const createdAt = formatTime(ports.clock.now());
  const node = () => {
    const readiness = agent.readiness();
    const { nodeName } = agent;
    return nodeObject({
      nodeName,
      createdAt,
      machine,
      readiness,
      pressure: agent.pressureConditions(),
      volumes: agent.storage.volumesOfNode(),
      runtime: agent.runtimeVersion(),
      agentVersion: options.agentVersion,
    });
  };
  return [
    ...objectRoutes("ConfigMap", "configmaps", () => agent.configMaps()),
    ...objectRoutes("Secret", "secrets", () => agent.secrets()),
    ...objectRoutes("PersistentVolumeClaim", "persistentvolumeclaims", () => agent.storage.claims()),
    get("/api/v1/persistentvolumes", () => listObject("PersistentVolume", agent.storage.volumes())),
    get("/api/v1/persistentvolumes/{name}", ({ params }) => {
      const found = agent.storage.volumes().find(({ metadata }) => metadata?.name === params["name"]);
      if (found === undefined) throw notFound("persistentvolumes", params["name"]);
      return withKind("PersistentVolume", found);
    }),
    get("/apis/storage.k8s.io/v1/csinodes/{name}", ({ params }) => {
      if (params["name"] !== agent.nodeName) throw notFound("csinodes.storage.k8s.io", params["name"]);
      return csiNodeObject(agent.nodeName, agent.storage.csiDrivers());
    }),
    get("/api/v1/nodes", () => listObject("Node", [node()])),
    get("/api/v1/nodes/{name}", ({ params }) => {
      if (params["name"] !== agent.nodeName) throw notFound("nodes", params["name"]);
      return node();
    }),
    get("/tskubelet/v1/images", async () => ({ images: await agent.images() })),
    get("/tskubelet/v1/pulls", () => ({ pulls: agent.pulls() })),
    get("/tskubelet/v1/manifest-problems", () => ({ problems: agent.manifestProblems() })),
    get("/tskubelet/v1/status", () => ({
      nodeName: agent.nodeName,
      version: options.agentVersion,
      pid: process.pid,

      readiness: agent.readiness(),
      runtime: agent.runtimeVersion() ?? null,
      syncLoopAgeMs: agent.syncLoopAgeMs(),
    })),
    {
      methods: ["POST"],
      path: "/tskubelet/v1/shutdown",
      handle: ({ query }, response) => {
        const grace = query.get("gracePeriodSeconds") ?? "";
        const graceSeconds = /^\d+$/.test(grace) ? { graceSeconds: Number(grace) } : {};
        response.once("finish", () =>
          options.shutDown({ stopPods: query.get("stopPods") === "true", ...graceSeconds }),
        );
        answerJson(response, { pid: process.pid }, 202);
      },
    },
  ];
}

function get(path: string, answer: (request: RouteRequest) => object | Promise<object>): Route {
  return {
    methods: ["GET"],
    path,
    handle: async (request, response) => answerJson(response, await answer(request)),
  };
}

function objectRoutes(
  kind: string,
  plural: string,
  all: () => readonly (ConfigMap | Secret | PersistentVolumeClaim)[],
): readonly Route[] {
  const list = ({ params, query }: RouteRequest) => {
    const matches = parseSelector(query.get("labelSelector") ?? "");
    const { namespace } = params;
    const inNamespace = all().filter(({ metadata }) => namespace === undefined || metadata?.namespace === namespace);
    return listObject(
      kind,
      inNamespace.filter(({ metadata }) => matches(metadata?.labels)),
    );
  };
  const one = ({ params }: RouteRequest) => {
    const { namespace, name } = params;
    const found = all().find(({ metadata }) => metadata?.namespace === namespace && metadata?.name === name);
    if (found === undefined) throw notFound(plural, name);
    return withKind(kind, found);
  };
  const inNamespace = `/api/v1/namespaces/{namespace}/${plural}`;
  return [get(`/api/v1/${plural}`, list), get(inNamespace, list), get(`${inNamespace}/{name}`, one)];
}

function notFound(plural: string, name: string | undefined): RequestError {
  return new RequestError("NotFound", `${plural} ${JSON.stringify(name)} not found`);
}
