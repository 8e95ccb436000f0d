/** `tskubelet events [POD]`. */
import { AgentClient } from "../client/agent-client.ts";
import { listPath, parsePodName } from "../client/pod-name.ts";
import { watchObjects } from "../client/watch-objects.ts";
import type { CommandOf } from "../flags.ts";
import type { ApiEvent } from "../show/api-event.ts";
import { structuredText } from "../show/structured.ts";
import { Table } from "../show/table.ts";
import { eventRows } from "../show/tables.ts";
import type { Terminal } from "../terminal.ts";

export async function runEvents({ pod, flags }: CommandOf<"events">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const name = pod === undefined ? undefined : parsePodName(pod, flags.namespace);
  const path = name === undefined ? listPath("events", flags) : listPath("events", { ...flags, ...name });
  const query = { fieldSelector: name === undefined ? undefined : `involvedObject.name=${name.name}` };
  const options = { wide: flags.output === "wide", withNamespace: flags.allNamespaces === true };
  if (flags.watch === true) {
    const table = new Table();
    let isFirst = true;
    for await (const object of watchObjects<ApiEvent>(client, path, query, terminal)) {
      const rows = eventRows([object], { ...options, nowMs: terminal.now() });
      if (flags.output === "json" || flags.output === "yaml") {
        terminal.out(`${flags.output === "yaml" ? "---\n" : ""}${await structuredText(flags.output, object)}`);
      } else terminal.out(table.lines(isFirst ? rows : rows.slice(1)));
      isFirst = false;
    }
    return 0;
  }
  const { items } = await client.get<{ readonly items: readonly ApiEvent[] }>(path, query);
  // The agent lists them by their last change.
  if (flags.output === "json" || flags.output === "yaml") {
    const typed = items.map((item) => ({ apiVersion: "v1", kind: "Event", ...item }));
    terminal.out(await structuredText(flags.output, { apiVersion: "v1", kind: "List", items: typed }));
  } else if (items.length === 0) terminal.err("No events found\n");
  else terminal.out(new Table().lines(eventRows(items, { ...options, nowMs: terminal.now() })));
  return 0;
}
