/** The nat table by the iptables programs of both families. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findProgram } from "../containerd/programs.ts";

export type IpFamily = "ipv4" | "ipv6";
/** Arguments of one command on the nat table. */
export type NatCommand = readonly string[];

const PROGRAMS: Readonly<Record<IpFamily, string>> = { ipv4: "iptables", ipv6: "ip6tables" };

/** Runs the commands that `plan` gives for the rules as `-S` prints them; without the program nothing happens. */
export async function changeNatRules(family: IpFamily, plan: (rules: string) => readonly NatCommand[]): Promise<void> {
  const program = findProgram(PROGRAMS[family]);
  if (program === undefined) return;
  const run = (args: NatCommand) => promisify(execFile)(program, ["-w", "5", "-t", "nat", ...args]);
  const { stdout } = await run(["-S"]);
  for (const command of plan(stdout)) await run(command);
}

/** Splits a line of rules; iptables quotes texts with spaces and escapes quotes in them. */
export function wordsOfRule(line: string): readonly string[] {
  return Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), ([, quoted, plain = ""]) =>
    quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, "$1"),
  );
}
