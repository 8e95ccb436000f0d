/** `tskubelet top [pods|node] [NAME...]`: what is used now, by figures that are read for it. */
import type { PodStats, Summary } from "../../core/stats/summary.ts";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import type { CommandOf } from "../flags.ts";
import { structuredText } from "../show/structured.ts";
import { Table } from "../show/table.ts";
import { topNodeRows, topPodRows } from "../show/top-rows.ts";
import type { Terminal } from "../terminal.ts";

/** A rate of CPU needs two looks that are some time apart. */
const BETWEEN_LOOKS_MS = 1_100;

export async function runTop({ kind, names, flags }: CommandOf<"top">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const look = () => client.get<Summary>("/stats/summary");
  await look();
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  const summary = await look();
  const pods = choose(summary.pods ?? [], names, flags);
  const { output } = flags;
  if (output === "json" || output === "yaml") {
    const what = kind === "node" ? { node: summary.node } : { pods };
    terminal.out(await structuredText(output, what));
    return 0;
  }
  if (kind === "node") {
    terminal.out(new Table().lines(topNodeRows(summary)));
    return 0;
  }
  const { containers = false, allNamespaces: withNamespace = false } = flags;
  terminal.out(new Table().lines(topPodRows(pods, { withNamespace, containers })));
  return 0;
}

interface Choice {
  readonly namespace?: string | undefined;
  readonly allNamespaces?: boolean | undefined;
}

function choose(pods: readonly PodStats[], names: readonly string[], { namespace, allNamespaces }: Choice) {
  const inNamespace = pods.filter(({ podRef }) => allNamespaces || podRef.namespace === (namespace ?? "default"));
  for (const name of names) {
    if (!inNamespace.some(({ podRef }) => podRef.name === name)) {
      throw new ClientError(`no figures of pod ${JSON.stringify(name)}: it does not run, or not here`);
    }
  }
  return names.length === 0 ? inNamespace : inNamespace.filter(({ podRef }) => names.includes(podRef.name));
}
