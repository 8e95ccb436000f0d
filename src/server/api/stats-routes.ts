/** The Summary API. Source: kubelet server/stats/handler.go. */
import { answerJson } from "../http/answer.ts";
import type { Route } from "../http/route-table.ts";
import type { ServerPorts } from "./ports.ts";

/** /stats/summary, always of this moment; `?only_cpu_and_memory=true` leaves the rest out. */
export function statsRoutes({ agent }: Pick<ServerPorts, "agent">): readonly Route[] {
  const summary: Route["handle"] = async ({ query }, response) => {
    const only = query.getAll("only_cpu_and_memory");
    const onlyCpuAndMemory = only.length === 1 && only[0] === "true";
    answerJson(response, await agent.summary({ fresh: true, onlyCpuAndMemory }));
  };
  return ["/stats/summary", "/stats/summary/"].map((path) => ({ methods: ["GET", "POST"], path, handle: summary }));
}
