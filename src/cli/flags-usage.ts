/** Usage texts, from the tables of flags-specs.ts. */

import { type FlagSpec, flagName } from "./flags-parse.ts";
import { type CommandName, commandFlags, commandTexts } from "./flags-specs.ts";

const width = 100;

/** Usage of one command, or of the program; ends in a newline. */
export function usageText(command?: CommandName): string {
  return command === undefined || command === "help" ? programUsage() : commandUsage(command);
}

function programUsage(): string {
  const rows = Object.entries(commandTexts).map(([name, { about }]) => [name, about] as const);
  return [
    "tskubelet runs Pods on this machine through a container runtime.",
    "",
    "Usage: tskubelet COMMAND [FLAGS] [ARGUMENTS]",
    "",
    ...columns(rows),
    "",
    "tskubelet help COMMAND explains its flags. Exit codes: 0 done, 1 failed, 2 wrong usage.",
    "",
  ].join("\n");
}

function commandUsage(command: CommandName): string {
  const { args, about } = commandTexts[command];
  const specs: Readonly<Record<string, FlagSpec<unknown>>> = commandFlags[command];
  const rows = Object.entries(specs).map(([key, spec]) => [flagText(key, spec), spec.about] as const);
  const flags = rows.length === 0 ? "" : " [FLAGS]";
  const usage = `Usage: tskubelet ${command}${flags}${args === "" ? "" : ` ${args}`}`;
  return [about, "", usage, ...(rows.length === 0 ? [] : ["", ...columns(rows)]), ""].join("\n");
}

function flagText(key: string, spec: FlagSpec<unknown>): string {
  const short = spec.short === undefined ? "" : `-${spec.short}, `;
  return `${short}${flagName(key)}${spec.placeholder === "" ? "" : ` ${spec.placeholder}`}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const indent = Math.min(36, Math.max(...rows.map(([name]) => name.length)) + 2);
  return rows.flatMap(([name, about]) => {
    const lines = wrapped(about, width - indent - 2);
    if (name.length + 2 > indent) return [`  ${name}`, ...lines.map((line) => `  ${" ".repeat(indent)}${line}`)];
    return lines.map((line, index) => `  ${(index === 0 ? name : "").padEnd(indent)}${line}`);
  });
}

function wrapped(text: string, limit: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > limit) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
