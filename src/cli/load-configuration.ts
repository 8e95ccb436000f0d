/**
 * Reads the configuration: --config FILE, then every *.conf below --config-dir in lexical order, then flags (kubelet
 * cmd/kubelet/app/server.go). Nothing is guessed: what cannot be read or parsed is a problem.
 */
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import {
  type ConfigurationFile,
  type ConfigurationResult,
  effectiveConfiguration,
  type Origin,
  type Override,
  type Problem,
} from "../core/config/index.ts";
import { errorMessage } from "../ports/errors.ts";
import type { ConfigurationFlags } from "./flags.ts";
import { flagSettings, type NodeOptionsResult, nodeOptions } from "./flags-configuration.ts";
import { parseConfigurationText } from "./load-configuration-text.ts";

export interface LoadOptions {
  /** Relative paths of flags start here. */
  readonly cwd: string;
  /** Defaults of a node that is alone, where nobody sets the field. */
  readonly overrides?: readonly Override[];
}

export type LoadedConfiguration =
  | (Extract<ConfigurationResult, { configuration: unknown }> & {
      readonly node: NodeOptionsResult;
      /** Files of --config-dir that are no *.conf. */
      readonly skipped: readonly string[];
    })
  | { readonly problems: readonly Problem[] };

/** Reads and resolves everything that decides the configuration; `problems` is never empty. */
export async function loadConfiguration(flags: ConfigurationFlags, options: LoadOptions): Promise<LoadedConfiguration> {
  const settings = flagSettings(flags, options.cwd);
  const node = nodeOptions(flags, options.cwd);
  const wrongFlags = [settings, node].filter((result) => typeof result === "string");
  if (typeof settings === "string" || typeof node === "string") return { problems: wrongFlags.map(flagProblem) };
  const problems: Problem[] = [];
  const baseFile = flags.config === undefined || flags.config === "" ? undefined : resolve(options.cwd, flags.config);
  const base = baseFile === undefined ? undefined : await readConfigurationFile(baseFile, "file", problems);
  const found = await findDropIns(flags.configDir, options.cwd, problems);
  const dropIns: ConfigurationFile[] = [];
  for (const file of found.files) {
    const dropIn = await readConfigurationFile(file, "drop-in", problems);
    if (dropIn !== undefined) dropIns.push(dropIn);
  }
  const result = effectiveConfiguration({
    ...(base === undefined ? {} : { base }),
    dropIns,
    flags: settings,
    ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
  });
  const objections = "problems" in result ? result.problems : [];
  // Objections to the whole say little while a file is missing from it.
  const all = problems.length > 0 ? [...problems, ...objections.filter(({ code }) => code !== "invalid")] : objections;
  if ("problems" in result || all.length > 0) return { problems: all };
  return { ...result, node, skipped: found.skipped };
}

function flagProblem(message: string): Problem {
  return { code: "wrongType", path: "", message };
}

async function readConfigurationFile(
  file: string,
  kind: "file" | "drop-in",
  problems: Problem[],
): Promise<ConfigurationFile | undefined> {
  const originAt = (line: number | undefined): Origin => ({ kind, file, ...(line === undefined ? {} : { line }) });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    problems.push({ code: "unreadable", path: "", message: errorMessage(error), origin: originAt(undefined) });
    return undefined;
  }
  const parsed = parseConfigurationText(text);
  for (const { message, line } of parsed.faults) {
    problems.push({ code: "syntax", path: "", message, origin: originAt(line) });
  }
  if (parsed.faults.length > 0) return undefined;
  if (parsed.documents.length > 0) return { file, documents: parsed.documents };
  const message = "empty; expected a KubeletConfiguration";
  problems.push({ code: "unknownKind", path: "", message, origin: originAt(undefined) });
  return undefined;
}

interface FoundDropIns {
  readonly files: readonly string[];
  readonly skipped: readonly string[];
}

async function findDropIns(written: string | undefined, cwd: string, problems: Problem[]): Promise<FoundDropIns> {
  if (written === undefined || written === "") return { files: [], skipped: [] };
  const directory = resolve(cwd, written);
  try {
    const all = await filesBelow(directory);
    const isDropIn = (file: string) => extname(file) === ".conf" || file.endsWith("/.conf");
    return { files: all.filter(isDropIn), skipped: all.filter((file) => !isDropIn(file)) };
  } catch (error) {
    const origin: Origin = { kind: "flag", flag: "--config-dir" };
    problems.push({ code: "unreadable", path: "", message: errorMessage(error), origin });
    return { files: [], skipped: [] };
  }
}

/** In the order of Go's filepath.WalkDir: names sorted in each directory, links to directories not followed. */
async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const sorted = entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const lists: (readonly string[])[] = [];
  for (const entry of sorted) lists.push(await filesOf(directory, entry));
  return lists.flat();
}

async function filesOf(directory: string, entry: Dirent): Promise<readonly string[]> {
  const path = join(directory, entry.name);
  return entry.isDirectory() ? filesBelow(path) : [path];
}
