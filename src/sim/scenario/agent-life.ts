/** The agent's lives on the node: started, stopped, killed at any call, and started again. */
import type { Agent, AgentOptions, AgentPorts } from "../../agent/agent.ts";
import { createAgent } from "../../agent/create-agent.ts";
import type { PodStatus } from "../../core/api/types.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Weather } from "../faults/weather.ts";
import { Line, type PortName } from "../line.ts";
import { SIM_AGENT_OPTIONS } from "../node/agent-options.ts";
import { connect, type SimNode, type Witness } from "../node/sim-node.ts";
import { type Trace, traceLog } from "./trace.ts";

/** Makes an agent; tests put in one that has a bug. */
export type ComposeAgent = (ports: AgentPorts, options: AgentOptions) => Agent;

export interface AgentLifeParts {
  readonly node: SimNode;
  readonly weather: Weather;
  readonly trace: Trace;
  readonly witness: Witness & {
    onStatus(uid: string, status: PodStatus, isEnding: boolean): void;
    /** `recordsAreBehind`: a write of the last agent's records failed. */
    onBorn(recordsAreBehind: boolean): void;
  };
  readonly compose?: ComposeAgent;
  /** Thresholds and policy in place of none. */
  readonly eviction?: AgentOptions["eviction"];
}

interface Life {
  readonly line: Line;
  readonly agent: Agent;
  readonly breakStreams: () => void;
}

export class AgentLife {
  readonly #parts: AgentLifeParts;
  #life: Life | undefined;
  #births = 0;
  /** Calls left until the agent dies; `undefined`: it is not doomed. */
  #doom: { callsLeft: number; readonly afterwardsMs: number } | undefined;
  #stopping = false;
  #recordsAreBehind = false;

  constructor(parts: AgentLifeParts) {
    this.#parts = parts;
  }

  get agent(): Agent | undefined {
    return this.#life?.agent;
  }

  get births(): number {
    return this.#births;
  }

  /** A stop is under way. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  start(): void {
    if (this.#life !== undefined) return;
    const { node, weather, trace, witness, compose = createAgent, eviction } = this.#parts;
    this.#births += 1;
    const name = `agent${this.#births}`;
    trace.add(`${name} starts`);
    const line: Line = new Line(node.time, {
      onCall: (port, call) => this.#survives(port, call),
      fateOf: (port, call) => {
        const fate = weather.fateOf(port, call);
        if (port === "store" && fate.fault !== undefined) this.#recordsAreBehind = true;
        return fate;
      },
    });
    witness.onBorn(this.#recordsAreBehind);
    this.#recordsAreBehind = false;
    const { ports, breakStreams } = connect(node, line, traceLog(trace, name), witness);
    const agent = compose(ports, { ...SIM_AGENT_OPTIONS, ...(eviction !== undefined && { eviction }) });
    this.#life = { line, agent, breakStreams };
    agent.view.onPodStatus((uid, status) => {
      if (line.isCut) return;
      // What is told of a pod while it ends may be that of its last life, when it is wanted again already.
      const isEnding = agent.workers.state.workers[uid]?.phase !== "sync";
      witness.onStatus(uid, status, isEnding);
    });
    node.time.touch();
    agent.start().catch((error: unknown) => {
      if (line.isCut) return;
      // As a service manager does with a daemon that did not come up.
      trace.add(`${name} did not start: ${errorMessage(error)}`);
      this.kill(5_000);
    });
  }

  /** SIGKILL; `afterwardsMs` later it is started again. */
  kill(afterwardsMs: number): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#parts.trace.add(`agent${this.#births} is killed`);
    life.line.cut();
    life.breakStreams();
    this.#gone();
    this.#parts.node.time.after(afterwardsMs, () => this.start());
  }

  /** It dies in the middle of its next calls. */
  killAtCall(callsLeft: number, afterwardsMs: number): void {
    this.#doom ??= { callsLeft, afterwardsMs };
  }

  /** SIGTERM; resolves when it has ended. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined || this.#stopping) return;
    this.#parts.trace.add(`agent${this.#births} is told to stop`);
    this.#stopping = true;
    this.#parts.node.time.touch();
    await life.agent.stop();
    if (this.#life !== life) return;
    this.#parts.trace.add(`agent${this.#births} has stopped`);
    life.line.cut();
    this.#gone();
  }

  breakStreams(): void {
    this.#life?.breakStreams();
  }

  #gone(): void {
    this.#life = undefined;
    this.#doom = undefined;
    this.#stopping = false;
  }

  #survives(port: PortName, call: string): boolean {
    const doom = this.#doom;
    if (doom === undefined || this.#life === undefined) return true;
    doom.callsLeft -= 1;
    if (doom.callsLeft > 0) return true;
    this.#parts.trace.add(`agent${this.#births} dies at ${port} ${call}`);
    if (port === "store") this.#recordsAreBehind = true;
    this.kill(doom.afterwardsMs);
    return false;
  }
}
