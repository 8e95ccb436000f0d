import type { IncomingMessage } from "node:http";
import { AgentAway } from "./client-error.ts";

/** The values of an answer with one JSON value a line. Rejects with AgentAway when it breaks off. */
export async function* jsonLines<T>(answer: IncomingMessage): AsyncGenerator<T, void> {
  let rest = "";
  answer.setEncoding("utf8");
  try {
    for await (const part of answer) {
      const lines = (rest + String(part)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as T;
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new AgentAway("the agent broke the connection off", { cause: error });
  }
}
