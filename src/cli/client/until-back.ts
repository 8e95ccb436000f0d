import { setTimeout as delay } from "node:timers/promises";
import type { Terminal } from "../terminal.ts";
import { AgentAway, ApiError } from "./client-error.ts";

/** How long an agent that went away is waited for. */
const LIMIT_MS = 300_000;
const RETRY_MS = 200;
const NOTE_AFTER_MS = 2_000;

/** Asks again and again until the agent that went away is back; a longer wait is told. Rejects when it does not come. */
export async function untilBack<T>(ask: () => Promise<T>, terminal: Terminal): Promise<T> {
  const startedAt = terminal.now();
  for (let isNoted = false; ; ) {
    const awayMs = terminal.now() - startedAt;
    try {
      return await ask();
    } catch (error) {
      // An agent that has just started may not know its pods yet.
      const mayCome = error instanceof AgentAway || (error instanceof ApiError && awayMs < NOTE_AFTER_MS);
      if (!mayCome || awayMs > LIMIT_MS) throw error;
      if (!isNoted && awayMs > NOTE_AFTER_MS) {
        terminal.err("tskubelet: the agent is away; this goes on when it is back\n");
        isNoted = true;
      }
    }
    await delay(RETRY_MS);
  }
}
