import type { Agent } from "../../agent/agent.ts";
import type { PodStatus } from "../../core/api/types.ts";
import type { SimNode } from "../node/sim-node.ts";
import type { ContainerRecord, SandboxRecord } from "../runtime/records.ts";
import type { Request } from "../runtime/runtime-port.ts";
import type { EndCause } from "../runtime/sim-runtime.ts";
import type { Desire } from "../scenario/desire.ts";

/** What a rule may look at: the node as it really is, and what the agent was told. */
export interface Scene {
  readonly node: SimNode;
  readonly desire: Desire;
  /** `undefined`: no agent is there just now. */
  readonly agent: Agent | undefined;
  /** A record says that the pod was evicted at `sinceMs` (wall clock) or later, or that it still goes; or it is preempted. */
  wasEvicted(uid: string, sinceMs: number): boolean;
  /** How often the pod was evicted or preempted: each time it comes back as if it were new. */
  evictions(uid: string): number;
  /** All pods are being stopped for good. */
  readonly draining: boolean;
  /** Monotonic time of the last jump of the wall clock; -Infinity: never. */
  readonly clockJumpedAtMs: number;
  /** Monotonic time at which the present (or last) agent was started. */
  readonly agentStartedAtMs: number;
  /** Monotonic time at which an agent was started last whose predecessor could not write all down; -Infinity: never. */
  readonly recordsBehindAtMs: number;
}

export type ContainerChange = "created" | "started" | "ended" | "removed";

/**
 * One rule. Each of its judges answers with what is wrong, or `undefined`. `onRequest` judges what the agent asks of
 * the runtime before it arrives, `onContainer` and `onSandbox` what really happens, `onStatus` what the agent tells of a
 * pod that does not end, `holds` the node as a whole after each step that changed it.
 */
export interface Invariant {
  readonly name: string;
  readonly onRequest?: (request: Request) => string | undefined;
  readonly onContainer?: (
    container: ContainerRecord,
    change: ContainerChange,
    cause: EndCause | undefined,
  ) => string | undefined;
  readonly onSandbox?: (sandbox: SandboxRecord, change: "created" | "stopped" | "removed") => string | undefined;
  readonly onStatus?: (uid: string, status: PodStatus) => string | undefined;
  readonly holds?: () => string | undefined;
}

export interface Violation {
  readonly atMs: number;
  readonly invariant: string;
  readonly message: string;
}

/** "default/p1/c0#2": a container as messages name it. */
export function containerText({ sandbox, config }: ContainerRecord): string {
  const { namespace, name } = sandbox.config.metadata;
  return `${namespace}/${name}/${config.metadata.name}#${config.metadata.attempt}`;
}

export function podUidOf({ sandbox }: ContainerRecord): string {
  return sandbox.config.metadata.uid;
}
