/** What each look of the eviction manager saw, as it comes: what a recording is made of. */
import {
  type RecordedRound,
  type RecordingNode,
  recordedRound,
  recordingNode,
} from "../../core/eviction/replay/record-scenario.ts";
import type { Route } from "../http/route-table.ts";
import { type Lines, streamLines } from "../http/stream-lines.ts";
import type { ServedAgent } from "./ports.ts";

export type RecordedAgent = Pick<ServedAgent, "evictionFields" | "onEvictionRound">;

type RecordingLine = { readonly node: RecordingNode } | { readonly round: RecordedRound };

/** `/pressure/rounds`: a line `{ node }` before the first look, `{ round }` for each, without end. */
export function recordingRoute({ agent }: { readonly agent: RecordedAgent }): Route {
  return {
    methods: ["GET"],
    path: "/tskubelet/v1/pressure/rounds",
    handle: ({ signal }, response) => {
      let isNodeTold = false;
      const lines: Lines<RecordingLine> = {
        first: [],
        subscribe: (push) =>
          agent.onEvictionRound(({ config, input, plan }) => {
            if (!isNodeTold) push({ node: recordingNode(agent.evictionFields, config) });
            isNodeTold = true;
            push({ round: recordedRound(input, plan) });
          }),
        toObject: (line) => line,
      };
      return streamLines(lines, response, signal);
    },
  };
}
