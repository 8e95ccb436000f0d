import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import type { RecordedRound } from "../../src/core/eviction/replay/record-scenario.ts";
import type { AgentNode } from "./agent-node.ts";

/** The next looks of the agent. */
export async function roundsOf(node: AgentNode, count: number, limitMs = 40_000): Promise<readonly RecordedRound[]> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const path = "/tskubelet/v1/pressure/rounds";
  request({ socketPath: node.socketPath, path, signal: AbortSignal.timeout(limitMs) }, resolve)
    .on("error", reject)
    .end();
  const rounds: RecordedRound[] = [];
  const answer = await promise;
  // It has no end of its own.
  answer.on("error", () => {});
  for await (const line of createInterface(answer)) {
    const { round } = JSON.parse(line) as { readonly round?: RecordedRound };
    if (round !== undefined) rounds.push(round);
    if (rounds.length === count) break;
  }
  answer.destroy();
  return rounds;
}
