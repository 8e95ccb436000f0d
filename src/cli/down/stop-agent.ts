/** Asks a running agent to end with its pods, and waits until it has. */
import { setTimeout as delay } from "node:timers/promises";
import type { AgentClient } from "../client/agent-client.ts";
import { AgentAway, ClientError } from "../client/client-error.ts";

const POLL_MS = 50;
/** Longer than the agent itself gives its pods. */
const LIMIT_MS = 150_000;

/** Process number of the agent that ended; `undefined`: none was running. */
export async function stopAgent(
  client: AgentClient,
  graceSeconds: number | undefined,
  onStopping: (pid: number) => void,
): Promise<number | undefined> {
  let pid: number;
  try {
    pid = (await client.get<{ readonly pid: number }>("/tskubelet/v1/status")).pid;
    onStopping(pid);
    await client.post("/tskubelet/v1/shutdown", { stopPods: true, gracePeriodSeconds: graceSeconds });
  } catch (error) {
    if (error instanceof AgentAway) return undefined;
    throw error;
  }
  for (let waitedMs = 0; isAlive(pid); waitedMs += POLL_MS) {
    if (waitedMs > LIMIT_MS) throw new ClientError(`the agent (process ${pid}) does not end`);
    await delay(POLL_MS);
  }
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
