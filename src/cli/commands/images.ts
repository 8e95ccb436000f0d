/** `tskubelet images`. */
import type { CriImage } from "../../core/cri/types.ts";
import { AgentClient } from "../client/agent-client.ts";
import type { CommandOf } from "../flags.ts";
import { structuredText } from "../show/structured.ts";
import { Table } from "../show/table.ts";
import { imageRows } from "../show/tables.ts";
import type { Terminal } from "../terminal.ts";

export async function runImages({ flags }: CommandOf<"images">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const { images } = await client.get<{ readonly images: readonly CriImage[] }>("/tskubelet/v1/images");
  const { output } = flags;
  if (output === "json" || output === "yaml") terminal.out(await structuredText(output, { images }));
  else terminal.out(new Table().lines(imageRows(images, { nowMs: terminal.now(), wide: false, withNamespace: false })));
  return 0;
}
