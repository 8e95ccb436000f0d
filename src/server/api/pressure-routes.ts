/** Why: where the node stands between itself and its thresholds, who would go next, and who went. */
import type { Pod } from "../../core/api/types.ts";
import { explainEviction, explainPod } from "../../core/eviction/index.ts";
import { RequestError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import type { ServedAgent } from "./ports.ts";

export type ExplainedAgent = Pick<
  ServedAgent,
  "pods" | "pod" | "pressureConditions" | "explainPressure" | "evictionRecords"
>;

/**
 * `/pressure`: `{ atMs, conditions, explanation, pods }`, `explanation` as of core's explainEviction (absent until the agent
 * has looked once), `pods` the names by UID. `/pressure/namespaces/{namespace}/pods/{name}`: `{ atMs, pod, places, records,
 * pods }` as of explainPod; a pod that is gone has its records alone. `/evictions`: `{ items }`, oldest first; `?limit=`:
 * the newest of them.
 */
export function pressureRoutes({ agent }: { readonly agent: ExplainedAgent }): readonly Route[] {
  const now = async () => {
    const { atMs, config, state, input } = await agent.explainPressure();
    const isKnown = config !== undefined && state !== undefined && input !== undefined;
    return {
      atMs,
      conditions: agent.pressureConditions(),
      ...(isKnown && { explanation: explainEviction(config, state, input) }),
      pods: namesByUid(agent.pods()),
    };
  };
  const ofPod = async ({ params }: RouteRequest) => {
    const { namespace = "", name = "" } = params;
    const pod = agent.pod(namespace, name);
    const records = agent
      .evictionRecords()
      .filter(({ victim }) => victim.namespace === namespace && victim.name === name);
    const uid = pod?.metadata?.uid ?? records.at(-1)?.victim.uid;
    if (uid === undefined) throw new RequestError("NotFound", `pods ${JSON.stringify(name)} not found`);
    const { atMs, config, input } = await agent.explainPressure();
    return {
      atMs,
      pod: { uid, namespace, name },
      places: config === undefined || input === undefined ? [] : explainPod(config, input, uid),
      records,
      pods: namesByUid(agent.pods()),
    };
  };
  const evictions = async ({ query }: RouteRequest) => {
    const limit = limitOf(query);
    const items = agent.evictionRecords();
    return { items: limit === undefined ? items : items.slice(Math.max(0, items.length - limit)) };
  };
  const base = "/tskubelet/v1";
  return [
    get(`${base}/pressure`, now),
    get(`${base}/pressure/namespaces/{namespace}/pods/{name}`, ofPod),
    get(`${base}/evictions`, evictions),
  ];
}

function limitOf(query: URLSearchParams): number | undefined {
  const limit = query.get("limit");
  if (limit === null) return undefined;
  if (!/^\d+$/.test(limit)) throw new RequestError("BadRequest", `limit ${JSON.stringify(limit)} is no number`);
  return Number(limit);
}

function get(path: string, answer: (request: RouteRequest) => Promise<object>): Route {
  return {
    methods: ["GET"],
    path,
    handle: async (request, response) => answerJson(response, await answer(request)),
  };
}

function namesByUid(pods: readonly Pod[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pods.map(({ metadata }) => [metadata?.uid ?? "", `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`]),
  );
}
