/** `tskubelet describe KIND NAME`. */
import type { Node, Pod } from "../../core/api/types.ts";
import type { ManifestProblem } from "../../core/pods/desired-state.ts";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import { fetchPulls } from "../client/fetch-pulls.ts";
import { fetchPod, type PodList, type PodName, parsePodName } from "../client/pod-name.ts";
import type { CommandOf } from "../flags.ts";
import type { ApiEvent } from "../show/api-event.ts";
import { describeNode } from "../show/describe-node.ts";
import { describePod } from "../show/describe-pod.ts";
import { problemLine } from "../show/manifest-problems.ts";
import type { Terminal } from "../terminal.ts";
import { findKind } from "./kinds.ts";

const MANIFEST_ANNOTATION = "tskubelet.dev/manifest";

export async function runDescribe({ kind, object, flags }: CommandOf<"describe">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const plural = findKind(kind)?.plural;
  if (plural === "pods") terminal.out(await podText(client, parsePodName(object, flags.namespace), terminal));
  else if (plural === "nodes") terminal.out(await nodeText(client, object, terminal));
  else
    throw new ClientError(
      `describe knows pods and nodes, not ${JSON.stringify(kind)}; 'get ${kind} -o yaml' shows all there is`,
    );
  return 0;
}

async function podText(client: AgentClient, name: PodName, terminal: Terminal): Promise<string> {
  const { problems } = await client.get<{ problems: readonly ManifestProblem[] }>("/tskubelet/v1/manifest-problems");
  const named = problems.filter(({ subject }) => subject === `Pod ${name.namespace}/${name.name}`);
  const pod = await fetchPod(client, name).catch((error: unknown) => {
    if (!(error instanceof ClientError) || named.length === 0) throw error;
    const lines = named.map((problem) => `  ${problemLine(problem, terminal.cwd)}`);
    throw new ClientError(`${error.message}; its manifest is not valid:\n${lines.join("\n")}`);
  });
  const path = pod.metadata?.annotations?.[MANIFEST_ANNOTATION];
  const own = problems.filter(
    (problem) => named.includes(problem) || (problem.path === path && problem.subject === undefined),
  );
  const events = await fetchEvents(client, {
    "involvedObject.kind": "Pod",
    "involvedObject.uid": pod.metadata?.uid ?? "",
  });
  const pulls = (await fetchPulls(client)).filter(({ podUid }) => podUid === pod.metadata?.uid);
  return describePod({ pod, events, pulls, problems: own, nowMs: terminal.now(), cwd: terminal.cwd });
}

async function nodeText(client: AgentClient, name: string, terminal: Terminal): Promise<string> {
  const { items: nodes } = await client.get<{ readonly items: readonly Node[] }>("/api/v1/nodes");
  const node = nodes.find(({ metadata }) => metadata?.name === name);
  if (node === undefined) {
    throw new ClientError(`no node ${JSON.stringify(name)}; this one is ${nodes[0]?.metadata?.name ?? "unknown"}`);
  }
  const { items: pods } = await client.get<PodList>("/api/v1/pods");
  const events = await fetchEvents(client, { "involvedObject.kind": "Node" });
  return describeNode({ node, pods: pods as readonly Pod[], events, nowMs: terminal.now() });
}

async function fetchEvents(
  client: AgentClient,
  fields: Readonly<Record<string, string>>,
): Promise<readonly ApiEvent[]> {
  const fieldSelector = Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(",");
  return (await client.get<{ readonly items: readonly ApiEvent[] }>("/api/v1/events", { fieldSelector })).items;
}
