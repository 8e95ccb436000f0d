/** What the port without a password tells of pressure: nothing that a pod logged, and no measurement for each request. */
import type { PressureNow } from "../../agent/eviction/eviction-manager.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ExplainedAgent } from "./pressure-routes.ts";

/** Whoever asks more often is told the same. */
const SHARED_MS = 1_000;

/** The agent as anybody may see it: records without log lines, and one measurement at a time, a second old at most. */
export function publicPressure(agent: ExplainedAgent, clock: Pick<Clock, "monotonic">): ExplainedAgent {
  let shared: Promise<PressureNow> | undefined;
  let doneAtMonotonic: number | undefined;
  const measure = (): Promise<PressureNow> => {
    doneAtMonotonic = undefined;
    return agent.explainPressure().finally(() => {
      doneAtMonotonic = clock.monotonic();
    });
  };
  return {
    pods: () => agent.pods(),
    pod: (namespace, name) => agent.pod(namespace, name),
    pressureConditions: () => agent.pressureConditions(),
    explainPressure: () => {
      const isOld = doneAtMonotonic !== undefined && clock.monotonic() - doneAtMonotonic >= SHARED_MS;
      if (shared === undefined || isOld) shared = measure();
      return shared;
    },
    evictionRecords: () => agent.evictionRecords().map((record) => ({ ...record, lastLogLines: {} })),
  };
}
