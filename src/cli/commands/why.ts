/** `tskubelet why [POD]`: where the node stands, who would be evicted next, what would change it, and who was. */
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import { parsePodName } from "../client/pod-name.ts";
import type { CommandOf } from "../flags.ts";
import { structuredText } from "../show/structured.ts";
import { Table } from "../show/table.ts";
import { recordRows, recordText, type WhyNode, type WhyPod, whyNodeText, whyPodText } from "../show/why-text.ts";
import type { Terminal } from "../terminal.ts";

export async function runWhy({ pod, flags }: CommandOf<"why">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const { text, data } = await answer(client, pod, flags);
  const { output } = flags;
  terminal.out(output === "json" || output === "yaml" ? await structuredText(output, data) : text);
  return 0;
}

interface Answer {
  readonly data: object;
  readonly text: string;
}

interface Wanted {
  readonly past?: boolean | undefined;
  readonly namespace?: string | undefined;
}

async function answer(client: AgentClient, argument: string | undefined, wanted: Wanted): Promise<Answer> {
  if (wanted.past === true) return past(client, argument);
  if (argument === undefined) {
    const data = await client.get<WhyNode>("/tskubelet/v1/pressure");
    return { data, text: whyNodeText(data) };
  }
  const { namespace, name } = parsePodName(argument, wanted.namespace);
  const path = `/tskubelet/v1/pressure/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  const data = await client.get<WhyPod>(path);
  return { data, text: whyPodText(data) };
}

async function past(client: AgentClient, id: string | undefined): Promise<Answer> {
  const { items } = await client.get<{ readonly items: readonly EvictionRecord[] }>("/tskubelet/v1/evictions");
  if (id === undefined) {
    return {
      data: { items },
      text: items.length === 0 ? "Nobody was evicted.\n" : new Table().lines(recordRows(items)),
    };
  }
  const record = items.find((each) => each.id === id);
  if (record === undefined) throw new ClientError(`no eviction ${JSON.stringify(id)}; see tskubelet why --past`);
  const { pods } = await client.get<WhyNode>("/tskubelet/v1/pressure");
  return { data: record, text: recordText(record, pods) };
}
