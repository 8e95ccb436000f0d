/** `tskubelet version`. */
import type { CommandOf } from "../flags.ts";
import { structuredText } from "../show/structured.ts";
import type { Terminal } from "../terminal.ts";
import { ownVersion } from "../version.ts";

export async function runVersion({ flags }: CommandOf<"version">, terminal: Terminal): Promise<number> {
  const version = ownVersion();
  const facts = { version, node: process.version, platform: `${process.platform}/${process.arch}` };
  const { output } = flags;
  if (output !== undefined) terminal.out(await structuredText(output, facts));
  else terminal.out(`tskubelet ${version} (Node.js ${facts.node}, ${facts.platform})\n`);
  return 0;
}
