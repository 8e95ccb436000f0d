import type { PullUnderWay } from "../../agent/images/pull-watch.ts";
import type { AgentClient } from "./agent-client.ts";

/** Image pulls that are under way or wait for their turn. */
export async function fetchPulls(client: AgentClient): Promise<readonly PullUnderWay[]> {
  return (await client.get<{ readonly pulls: readonly PullUnderWay[] }>("/tskubelet/v1/pulls")).pulls;
}
