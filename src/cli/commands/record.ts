/** `tskubelet record [FILE]`: what this node measures, as a scenario that `tskubelet simulate` replays. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { maskNames } from "../../core/eviction/replay/mask-names.ts";
import { type RecordedRound, type RecordingNode, recordScenario } from "../../core/eviction/replay/record-scenario.ts";
import { AgentClient } from "../client/agent-client.ts";
import { AgentAway, ClientError } from "../client/client-error.ts";
import { jsonLines } from "../client/json-lines.ts";
import type { CommandOf } from "../flags.ts";
import type { Terminal } from "../terminal.ts";

type Line = { readonly node: RecordingNode } | { readonly round: RecordedRound };

export async function runRecord({ file, flags }: CommandOf<"record">, terminal: Terminal): Promise<number> {
  const client = new AgentClient(flags.rootDir);
  const end = new AbortController();
  const onSignal = () => end.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const { duration: limitMs } = flags;
  const timer = limitMs === undefined ? undefined : setTimeout(onSignal, limitMs);
  terminal.err(`recording${limitMs === undefined ? "; Ctrl-C ends it" : ""}\n`);
  const rounds: RecordedRound[] = [];
  let node: RecordingNode | undefined;
  try {
    const answer = await client.stream("/tskubelet/v1/pressure/rounds", {}, end.signal);
    for await (const line of jsonLines<Line>(answer)) {
      if ("node" in line) node = line.node;
      else rounds.push(line.round);
    }
  } catch (error) {
    // What came until then is kept.
    if (!end.signal.aborted && !(error instanceof AgentAway)) throw error;
    if (rounds.length === 0 && !end.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  if (node === undefined || rounds.length === 0)
    throw new ClientError("nothing was recorded: the agent looks every 10 s");
  const scenario = recordScenario(`recorded-${new Date(terminal.now()).toISOString()}`, node, rounds);
  const text = `${JSON.stringify(flags.maskNames === true ? maskNames(scenario) : scenario)}\n`;
  if (file === undefined) terminal.out(text);
  else writeFileSync(resolve(terminal.cwd, file), text);
  terminal.err(
    `${scenario.steps.length} steps with ${scenario.pods.length} pods recorded${file === undefined ? "" : ` in ${file}`}\n`,
  );
  return 0;
}
