import type { IncomingMessage } from "node:http";
import type { ObjectMeta } from "../../core/api/types.ts";
import type { Terminal } from "../terminal.ts";
import type { AgentClient, Query } from "./agent-client.ts";
import { AgentAway } from "./client-error.ts";
import { jsonLines } from "./json-lines.ts";
import { untilBack } from "./until-back.ts";

export interface WatchEvent<T> {
  readonly type: string;
  readonly object: T;
}

/**
 * Objects as they come, change and go, without end. When the agent is started again the watch goes on; what did not change
 * meanwhile is not told once more.
 */
export async function* watchObjects<T extends { readonly metadata?: ObjectMeta }>(
  client: AgentClient,
  path: string,
  query: Query,
  terminal: Terminal,
): AsyncGenerator<T, void> {
  const told = new Map<string, string>();
  const ask = () => client.stream(path, { ...query, watch: true });
  for (let answer: IncomingMessage = await ask(); ; answer = await untilBack(ask, terminal)) {
    try {
      for await (const { type, object } of jsonLines<WatchEvent<T>>(answer)) {
        const key = object.metadata?.uid ?? `${object.metadata?.namespace}/${object.metadata?.name}`;
        const text = JSON.stringify(object);
        if (type === "DELETED") told.delete(key);
        else if (told.get(key) === text) continue;
        else told.set(key, text);
        yield object;
      }
    } catch (error) {
      if (!(error instanceof AgentAway)) throw error;
    }
  }
}
