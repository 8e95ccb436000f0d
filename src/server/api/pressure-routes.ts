/** Why: where the node stands between itself and its thresholds, who would go next, and who went. */
import type { EvictionRound } from "../../agent/eviction/eviction-manager.ts";
import type { Pod } from "../../core/api/types.ts";
import { explainEviction, explainPod } from "../../core/eviction/index.ts";
import type { RecordedRound, RecordingNode } from "../../core/eviction/replay/record-scenario.ts";
import { RequestError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { type Lines, streamLines } from "../http/stream-lines.ts";
import type { ServerPorts } from "./ports.ts";

/**
 * `/pressure`: `{ atMs, conditions, explanation, pods }`, `explanation` as of core's explainEviction (absent until the agent
 * has looked once), `pods` the names by UID. `/pressure/namespaces/{namespace}/pods/{name}`: `{ atMs, pod, places, records,
 * pods }` as of explainPod. `/pressure/rounds`: a line `{ node }`, then `{ round }` for each look, without end. `/evictions`:
 * `{ items }`, oldest first.
 */
export function pressureRoutes({ agent }: Pick<ServerPorts, "agent">): readonly Route[] {
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
    // Of one that is gone there may be records.
    if (pod === undefined && records.length === 0)
      throw new RequestError("NotFound", `pods ${JSON.stringify(name)} not found`);
    const uid = pod?.metadata?.uid ?? "";
    const { atMs, config, input } = await agent.explainPressure();
    return {
      atMs,
      pod: { uid, namespace, name },
      places: config === undefined || input === undefined ? [] : explainPod(config, input, uid),
      records,
      pods: namesByUid(agent.pods()),
    };
  };
  const rounds: Route["handle"] = ({ signal }, response) => {
    const node: RecordingNode = {
      kubeletConfiguration: agent.evictionFields,
      dedicatedImageFs: agent.lastEvictionRound()?.config.filesystems === "DedicatedImages",
    };
    const lines: Lines<{ readonly node: RecordingNode } | { readonly round: RecordedRound }> = {
      first: [{ node }],
      subscribe: (push) => agent.onEvictionRound((round) => push({ round: recordedRound(round) })),
      toObject: (line) => line,
    };
    return streamLines(lines, response, signal);
  };
  const base = "/tskubelet/v1";
  return [
    get(`${base}/pressure`, now),
    get(`${base}/pressure/namespaces/{namespace}/pods/{name}`, ofPod),
    { methods: ["GET"], path: `${base}/pressure/rounds`, handle: rounds },
    get(`${base}/evictions`, async () => ({ items: agent.evictionRecords() })),
  ];
}

function recordedRound({ input, plan }: EvictionRound): RecordedRound {
  const { nowMs, summary, activePods } = input;
  return {
    nowMs,
    planKind: plan.kind,
    ...(summary !== undefined && { summary }),
    pods: activePods.map(({ pod }) => pod),
  };
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
