/** `tskubelet record [FILE]`: what this node measures, as a scenario that `tskubelet simulate` replays. */
import { resolve } from "node:path";
import type { RecordedRound, RecordingNode } from "../../core/eviction/replay/record-scenario.ts";
import { AgentClient } from "../client/agent-client.ts";
import { AgentAway, ClientError } from "../client/client-error.ts";
import { jsonLines } from "../client/json-lines.ts";
import type { CommandOf } from "../flags.ts";
import { Recording, scenarioLine } from "../record/recording.ts";
import type { Terminal } from "../terminal.ts";

type Line = { readonly node: RecordingNode } | { readonly round: RecordedRound };

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Some five hours of a node at rest; all of them are held in memory. */
const DEFAULT_STEPS = 2_000;

export async function runRecord({ file, flags }: CommandOf<"record">, terminal: Terminal): Promise<number> {
  const { duration: limitMs, steps: limit = DEFAULT_STEPS, maskNames: masksNames = false } = flags;
  if (limit < 1) throw new ClientError("--steps must be at least 1");
  const recording = new Recording({
    name: `recorded-${new Date(terminal.now()).toISOString()}`,
    masksNames,
    ...(file !== undefined && { path: resolve(terminal.cwd, file) }),
  });
  const end = new AbortController();
  const onSignal = () => end.abort();
  for (const signal of ENDING_SIGNALS) process.once(signal, onSignal);
  const timer = limitMs === undefined ? undefined : setTimeout(onSignal, limitMs);
  terminal.err(`recording${limitMs === undefined ? "; Ctrl-C ends it" : ""}\n`);
  try {
    await take(new AgentClient(flags.rootDir), recording, limit, end.signal);
  } catch (error) {
    // What came until then is kept.
    const isOver = end.signal.aborted || (error instanceof AgentAway && recording.length > 0);
    if (!isOver) throw error;
  } finally {
    clearTimeout(timer);
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
  }
  const scenario = recording.scenario();
  if (scenario === undefined) throw new ClientError("nothing was recorded: the agent looks every 10 s");
  if (file === undefined) terminal.out(scenarioLine(scenario));
  else recording.save();
  terminal.err(
    `${scenario.steps.length} steps with ${scenario.pods.length} pods recorded${file === undefined ? "" : ` in ${file}`}\n`,
  );
  return 0;
}

async function take(client: AgentClient, recording: Recording, limit: number, signal: AbortSignal): Promise<void> {
  const answer = await client.stream("/tskubelet/v1/pressure/rounds", {}, signal);
  for await (const line of jsonLines<Line>(answer)) {
    if ("node" in line) recording.setNode(line.node);
    else recording.add(line.round);
    if (recording.length >= limit) break;
  }
  answer.destroy();
}
