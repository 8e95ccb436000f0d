/** What the servers need of the agent and the machine. */
import type { AgentView } from "../../agent/agent-view.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { LogContents } from "../../ports/log-contents.ts";
import type { MachineInfo } from "../../ports/machine.ts";

/** The parts of the agent's view that are served; a test gives its own. */
export type ServedAgent = Pick<AgentView, keyof AgentView>;

export interface ServerPorts {
  readonly agent: ServedAgent;
  readonly clock: Clock;
  readonly log: Log;
  readonly contents: LogContents;
  readonly machine: MachineInfo;
}
