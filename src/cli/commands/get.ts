/** `tskubelet get KIND [NAME...]`. */
import type { PullUnderWay } from "../../agent/images/pull-watch.ts";
import type { ObjectMeta, Pod } from "../../core/api/types.ts";
import { didYouMean } from "../../core/config/did-you-mean.ts";
import type { ManifestProblem } from "../../core/pods/desired-state.ts";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import { fetchPulls } from "../client/fetch-pulls.ts";
import { listPath, parsePodName, unknownPod } from "../client/pod-name.ts";
import { watchObjects } from "../client/watch-objects.ts";
import type { CommandOf } from "../flags.ts";
import { manifestProblemsText } from "../show/manifest-problems.ts";
import { structuredText } from "../show/structured.ts";
import { type Row, Table } from "../show/table.ts";
import type { Terminal } from "../terminal.ts";
import { findKind, type Kind, kindNames } from "./kinds.ts";

type GetCommand = CommandOf<"get">;

interface ApiObject {
  readonly metadata?: ObjectMeta;
}

export async function runGet(command: GetCommand, terminal: Terminal): Promise<number> {
  const client = new AgentClient(command.flags.rootDir);
  const kind = findKind(command.kind);
  if (kind === undefined) throw new ClientError(unknownKind(command.kind));
  if (command.flags.watch === true) return watchPods(command, kind, client, terminal);
  const { objects, missing } = await fetchObjects(command, kind, client);
  await printObjects(command, kind, objects, client, terminal);
  if (kind.plural === "pods" && command.flags.output !== "name") await printProblems(client, terminal);
  for (const text of missing) terminal.err(`tskubelet: ${text}\n`);
  return missing.length > 0 ? 1 : 0;
}

function unknownKind(written: string): string {
  const near = didYouMean(written, kindNames());
  return `no kind ${JSON.stringify(written)}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}

interface Found {
  readonly objects: readonly ApiObject[];
  /** What to tell of names that nothing has. */
  readonly missing: readonly string[];
}

async function fetchObjects({ names, flags }: GetCommand, kind: Kind, client: AgentClient): Promise<Found> {
  const query = { labelSelector: flags.selector };
  if (names.length === 0 || !kind.namespaced) {
    const path = kind.namespaced ? listPath(kind.plural, flags) : kind.path;
    const all = await kind.list(client, path, query);
    const found = all.filter((object) => names.length === 0 || names.includes(object.metadata?.name ?? ""));
    const missing = names.filter((name) => !all.some(({ metadata }) => metadata?.name === name));
    return { objects: found, missing: missing.map((name) => `no ${kind.singular} ${JSON.stringify(name)}`) };
  }
  const all = await kind.list(client, `/api/v1/${kind.plural}`, query);
  const results = names.map((written) => {
    const wanted = parsePodName(written, flags.namespace);
    const object = all.find(
      ({ metadata }) => metadata?.name === wanted.name && metadata.namespace === wanted.namespace,
    );
    return (
      object ?? (kind.plural === "pods" ? unknownPod(wanted, all as readonly Pod[]) : unknownObject(kind, written))
    );
  });
  return {
    objects: results.filter((result) => typeof result !== "string"),
    missing: results.filter((result) => typeof result === "string"),
  };
}

function unknownObject(kind: Kind, name: string): string {
  return `no ${kind.singular} ${JSON.stringify(name)}`;
}

async function printObjects(
  command: GetCommand,
  kind: Kind,
  objects: readonly ApiObject[],
  client: AgentClient,
  terminal: Terminal,
) {
  const { names, flags } = command;
  const { output } = flags;
  if (output === "json" || output === "yaml") {
    const typed = objects.map((object) => ({ apiVersion: "v1", kind: kind.name, ...object }));
    if (names.length === 1 && typed.length === 0) return;
    const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items: typed };
    terminal.out(await structuredText(output, names.length === 1 ? typed[0] : list));
    return;
  }
  if (output === "name") {
    for (const { metadata } of objects) terminal.out(`${kind.singular}/${metadata?.name ?? ""}\n`);
    return;
  }
  const pulls = kind.plural === "pods" && output === "wide" ? await fetchPulls(client) : [];
  if (objects.length > 0) terminal.out(new Table().lines(tableRows(command, kind, objects, terminal, pulls)));
  else if (names.length === 0) terminal.err(nothingFound(command, kind));
}

function nothingFound({ flags }: GetCommand, kind: Kind): string {
  if (!kind.namespaced || flags.allNamespaces === true) return "No resources found\n";
  return `No resources found in ${flags.namespace ?? "default"} namespace.\n`;
}

function tableRows(
  { flags }: GetCommand,
  kind: Kind,
  objects: readonly ApiObject[],
  terminal: Terminal,
  pulls: readonly PullUnderWay[] = [],
) {
  const withNamespace = flags.allNamespaces === true;
  return kind.rows(objects, { nowMs: terminal.now(), wide: flags.output === "wide", withNamespace, pulls });
}

/** On standard error, so that a table that is piped on stays a table. */
async function printProblems(client: AgentClient, terminal: Terminal): Promise<void> {
  const { problems } = await client.get<{ problems: readonly ManifestProblem[] }>("/tskubelet/v1/manifest-problems");
  const text = manifestProblemsText(problems, terminal.cwd);
  if (text !== "") terminal.err(`\n${text}`);
}

async function watchPods(command: GetCommand, kind: Kind, client: AgentClient, terminal: Terminal): Promise<number> {
  const { flags, names } = command;
  if (kind.plural !== "pods")
    throw new ClientError(`${kind.plural} cannot be watched; use 'tskubelet events -w' for events`);
  const wanted = names.map((name) => parsePodName(name, flags.namespace));
  const path = names.length === 0 ? listPath("pods", flags) : "/api/v1/pods";
  const table = new Table();
  let heading: readonly Row[] | undefined;
  for await (const object of watchObjects<Pod>(client, path, { labelSelector: flags.selector }, terminal)) {
    const { namespace, name } = object.metadata ?? {};
    if (names.length > 0 && !wanted.some((pod) => pod.name === name && pod.namespace === namespace)) continue;
    if (flags.output === "json" || flags.output === "yaml") {
      terminal.out(`${flags.output === "yaml" ? "---\n" : ""}${await structuredText(flags.output, object)}`);
    } else if (flags.output === "name") {
      terminal.out(`pod/${name}\n`);
    } else {
      const rows = tableRows(command, kind, [object], terminal);
      terminal.out(table.lines(heading === undefined ? rows : rows.slice(1)));
      heading = rows;
    }
  }
  return 0;
}
