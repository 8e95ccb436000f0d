/** Why: where the node stands between itself and its thresholds, who would go next, and who went. */
import type { EvictionRound } from "../../agent/eviction/eviction-manager.ts";
import type { Pod } from "../../core/api/types.ts";
import { explainEviction, explainPod } from "../../core/eviction/index.ts";
import {
  type RecordedRound,
  type RecordingNode,
  recordedRound,
  recordingNode,
} from "../../core/eviction/replay/record-scenario.ts";
import { RequestError } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { type Lines, streamLines } from "../http/stream-lines.ts";
import type { ServerPorts } from "./ports.ts";

type RecordingLine = { readonly node: RecordingNode } | { readonly round: RecordedRound };

/**
 * `/pressure`: `{ atMs, conditions, explanation, pods }`, `explanation` as of core's explainEviction (absent until the agent
 * has looked once), `pods` the names by UID. `/pressure/namespaces/{namespace}/pods/{name}`: `{ atMs, pod, places, records,
 * pods }` as of explainPod. `/pressure/rounds`: a line
 * `{ node }` with the first look, `{ round }` for each, without end. `/evictions`:
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
    if (pod === undefined) throw new RequestError("NotFound", `pods ${JSON.stringify(name)} not found`);
    const uid = pod.metadata?.uid ?? "";
    const { atMs, config, input } = await agent.explainPressure();
    return {
      atMs,
      pod: { uid, namespace, name },
      places: config === undefined || input === undefined ? [] : explainPod(config, input, uid),
      records: agent.evictionRecords().filter(({ victim }) => victim.namespace === namespace && victim.name === name),
      pods: namesByUid(agent.pods()),
    };
  };
  const rounds: Route["handle"] = ({ signal }, response) => {
    const node = ({ config }: EvictionRound) => ({ node: recordingNode(agent.evictionFields, config) });
    let isNodeTold = false;
    const lines: Lines<RecordingLine> = {
      first: [],
      subscribe: (push) =>
        agent.onEvictionRound((round) => {
          if (!isNodeTold) push(node(round));
          isNodeTold = true;
          push({ round: recordedRound(round.input, round.plan) });
        }),
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
