/**
 * `tskubelet check-config`: prints the effective configuration and where each value came from; problems and what is not
 * built yet go to standard error. Takes the flags of `run`, so that a start can be tried out word for word.
 */

import { compactValue } from "../core/config/compact-value.ts";
import {
  type ConfigurationRow,
  configurationRows,
  formatOrigin,
  formatProblem,
  type NotBuiltYet,
} from "../core/config/index.ts";
import { configurationYaml } from "./check-config-yaml.ts";
import { configurationWarnings, missingFeatures } from "./configuration-warnings.ts";
import type { CommandOf } from "./flags.ts";
import { type NodeOptions, type NodeOptionsResult, optionFlag } from "./flags-configuration.ts";
import type { LoadedConfiguration } from "./load-configuration.ts";
import { loadCredentialProviders } from "./load-credential-providers.ts";
import { loadRunConfiguration } from "./load-run-configuration.ts";

export interface CheckConfigOptions {
  readonly cwd: string;
  /** Write whole lines, each ending in a newline. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

type Loaded = Exclude<LoadedConfiguration, { readonly problems: unknown }>;

/** Resolves with the exit code: 0 valid (warnings or not), 1 not. */
export async function checkConfig(command: CommandOf<"check-config">, options: CheckConfigOptions): Promise<number> {
  const loaded = await loadRunConfiguration(command.flags, options.cwd);
  if ("problems" in loaded) {
    for (const problem of loaded.problems) options.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  const credentialProviders = await loadCredentialProviders(loaded.node.options);
  if ("problems" in credentialProviders) {
    for (const problem of credentialProviders.problems) options.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  options.out(configurationText(command.flags.output, loaded, missingFeatures(loaded)));
  for (const line of configurationWarnings(loaded)) options.err(`warning: ${line}\n`);
  return 0;
}

function configurationText(
  output: "json" | "yaml" | "wide" | undefined,
  loaded: Loaded,
  missing: readonly NotBuiltYet[],
) {
  if (output === "json") return configurationJson(loaded, missing);
  if (output === "yaml") return configurationYaml(loaded.configuration, optionRows(loaded.node));
  return configurationTable(loaded, output === "wide");
}

function configurationJson({ configuration, node }: Loaded, missing: readonly NotBuiltYet[]): string {
  const { kubelet, tskubelet } = configuration;
  const origins = (part: ConfigurationRow["part"]) => {
    const rows = configurationRows(configuration).filter((row) => row.part === part);
    return Object.fromEntries(rows.map(({ path, origin }) => [path, origin]));
  };
  const value = {
    kubelet,
    tskubelet,
    options: node.options,
    origins: { kubelet: origins("kubelet"), tskubelet: origins("tskubelet"), options: node.origins },
    notBuiltYet: missing,
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function configurationTable({ configuration, node }: Loaded, wide: boolean): string {
  const rows = configurationRows(configuration).map((row) => [
    row.path,
    compactValue(row.value),
    formatOrigin(row.origin),
    ...(wide ? [stateText(row), row.about] : []),
  ]);
  const options = optionRows(node).map((row) => [...row, ...(wide ? ["used", ""] : [])]);
  const head = ["FIELD", "VALUE", "ORIGIN", ...(wide ? ["STATE", "ABOUT"] : [])];
  return aligned([head, ...rows, ...options]);
}

function stateText({ state }: ConfigurationRow): string {
  if (state.state === "used") return "used";
  return state.state === "accepted" ? "no effect" : "not built";
}

/** `[--flag, value, origin]` for each option that only flags have. */
function optionRows({ options, origins }: NodeOptionsResult): readonly (readonly [string, string, string])[] {
  return Object.entries(options).map(([key, value]) => {
    const option = key as keyof NodeOptions;
    return [optionFlag(option), compactValue(value), formatOrigin(origins[option] ?? { kind: "default" })];
  });
}

/** Columns two spaces apart; wide values push their own line only. */
function aligned(rows: readonly (readonly string[])[]): string {
  const limit = 44;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(limit, Math.max(...rows.map((row) => (row[column] ?? "").length))),
  );
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
