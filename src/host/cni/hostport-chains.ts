import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findProgram } from "../containerd/programs.ts";

const DNAT = "CNI-HOSTPORT-DNAT";
const SETMARK = "CNI-HOSTPORT-SETMARK";
const MASQUERADE = "CNI-HOSTPORT-MASQ";

/** The commands that take the chains away, given what `iptables -t nat -S` prints; none while any host port is mapped. */
export function hostportRemoval(rules: string): readonly (readonly string[])[] {
  const lines = rules.split("\n").map((line) => line.trim());
  const has = (chain: string) => lines.includes(`-N ${chain}`);
  if (!has(DNAT) || lines.some((line) => line.startsWith(`-A ${DNAT} `))) return [];
  const chains = [DNAT, MASQUERADE, SETMARK].filter(has);
  const jumps = lines.filter((line) => chains.some((chain) => line.startsWith("-A ") && line.endsWith(`-j ${chain}`)));
  return [
    ...jumps.map((line) => words(line.replace(/^-A /, "-D "))),
    ...chains.map((chain) => ["-F", chain]),
    ...chains.map((chain) => ["-X", chain]),
  ];
}

/** The portmap plugin leaves its chains in the nat table when the last host port is gone; nothing uses them then. */
export async function removeUnusedHostportChains(): Promise<void> {
  const program = findProgram("iptables");
  if (program === undefined) return;
  const run = (args: readonly string[]) => promisify(execFile)(program, ["-w", "5", "-t", "nat", ...args]);
  const { stdout } = await run(["-S"]);
  for (const command of hostportRemoval(stdout)) await run(command);
}

/** Splits a line of rules; iptables quotes texts with spaces. */
function words(line: string): readonly string[] {
  return Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g), (match) => match[1] ?? match[2] ?? "");
}
