/** Pods, their logs and exec, as the Kubernetes API has them. */
import type { ServerResponse } from "node:http";
import type { Pod } from "../../core/api/types.ts";
import { podSummary } from "../../core/show/pod-summary.ts";
import { RequestError } from "../errors.ts";
import { execRequest } from "../exec/exec-request.ts";
import { proxyStream } from "../exec/proxy-stream.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { writeAll } from "../http/write-all.ts";
import { answerLog } from "../logs/log-route.ts";
import { listObject, withKind } from "./objects.ts";
import type { ServerPorts } from "./ports.ts";
import { parseSelector } from "./selector.ts";
import { knownPods, podChanges } from "./watch-pods.ts";

const POD = "/api/v1/namespaces/{namespace}/pods/{name}";
/** A watch looks this often for pods that changed; nobody watches, nobody looks. */
const WATCH_TICK_MS = 200;

export function podRoutes(ports: ServerPorts): readonly Route[] {
  const { agent } = ports;
  const list = (request: RouteRequest, response: ServerResponse) => {
    const select = selectPods(request);
    const pods = () => agent.pods().filter(select);
    if (request.query.get("watch") === "true") return watchPods(ports, pods, request, response);
    return answerJson(response, listObject("Pod", pods()));
  };
  return [
    { methods: ["GET"], path: "/api/v1/pods", handle: list },
    { methods: ["GET"], path: "/api/v1/namespaces/{namespace}/pods", handle: list },
    {
      methods: ["GET"],
      path: POD,
      handle: ({ params }, response) => answerJson(response, withKind("Pod", namedPod(ports, params))),
    },
    {
      methods: ["GET"],
      path: `${POD}/log`,
      handle: (request, response) => answerLog(ports, namedPod(ports, request.params), request, response),
    },
    {
      methods: ["GET", "POST"],
      path: `${POD}/exec`,
      handle: () => {
        throw new RequestError("BadRequest", "Upgrade request required");
      },
      upgrade: async (request, upgrade) => {
        const url = await agent.runtime.exec(execRequest(namedPod(ports, request.params), request.query));
        await proxyStream(url, request.message, upgrade);
      },
    },
  ];
}

function namedPod({ agent }: ServerPorts, { namespace = "", name = "" }: RouteRequest["params"]): Pod {
  const pod = agent.pod(namespace, name);
  if (pod === undefined) throw new RequestError("NotFound", `pods ${JSON.stringify(name)} not found`);
  return pod;
}

function selectPods({ params, query }: RouteRequest): (pod: Pod) => boolean {
  const { namespace } = params;
  const matches = parseSelector(query.get("labelSelector") ?? "");
  const fields = parseSelector(query.get("fieldSelector") ?? "");
  return (pod) =>
    (namespace === undefined || pod.metadata?.namespace === namespace) &&
    matches(pod.metadata?.labels) &&
    fields(selectableFields(pod));
}

/** Source: kubernetes pkg/registry/core/pod strategy.go ToSelectableFields. */
function selectableFields(pod: Pod): Readonly<Record<string, string>> {
  return {
    "metadata.name": pod.metadata?.name ?? "",
    "metadata.namespace": pod.metadata?.namespace ?? "",
    "spec.nodeName": pod.spec?.nodeName ?? "",
    "spec.restartPolicy": pod.spec?.restartPolicy ?? "",
    "status.phase": pod.status?.phase ?? "",
    "status.podIP": pod.status?.podIP ?? "",
    // Of our own: what `get pods` prints.
    "status.summary": podSummary(pod).status,
  };
}

/** One watch event a line, first every pod there is as ADDED, until the client goes. */
async function watchPods(
  { clock }: ServerPorts,
  list: () => readonly Pod[],
  { signal }: RouteRequest,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.flushHeaders();
  let before = knownPods([]);
  do {
    const now = knownPods(list());
    for (const { type, object } of podChanges(before, now)) {
      const line = `${JSON.stringify({ type, object: withKind("Pod", object) })}\n`;
      if (!(await writeAll(response, line, signal))) return;
    }
    before = now;
  } while (await clock.sleep(WATCH_TICK_MS, signal));
  response.destroy();
}
