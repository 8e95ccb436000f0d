/**
 * What one probe of one container does next. A turn has two halves between which the container is probed:
 * `beginProbe` looks at the pod's status and says whether to probe; `concludeProbe` weighs the outcome.
 * Source: kubelet prober/worker.go doProbe, prober/prober.go probe (1.26).
 */
import type { PodStatus } from "../api/types.ts";
import { isTerminalPhase } from "../pod/phase.ts";
import type { ProbeResult } from "../pod/runtime-status.ts";
import { rawContainerId } from "../pod/status-probes.ts";

export type ProbeType = "readiness" | "liveness" | "startup";

export interface ProbeWorkerConfig {
  readonly probeType: ProbeType;
  readonly initialDelaySeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  /** The container may be started again after an end. */
  readonly comesBack: boolean;
}

export interface ProbeWorkerState {
  /** Instance that the last turn saw, without the runtime's scheme; "": none yet. */
  readonly containerId: string;
  /** Of the last probe that gave one; absent: none did. */
  readonly lastResult?: "Success" | "Failure";
  /** How many times in a row. */
  readonly resultRun: number;
  /** Its failure is acted on: not probed until there is another instance. */
  readonly onHold: boolean;
}

export const NEW_PROBE_WORKER: ProbeWorkerState = { containerId: "", resultRun: 0, onHold: false };

/** The probed container as the pod's status shows it. */
export interface ProbedContainer {
  /** Without the runtime's scheme. */
  readonly id: string;
  /** Absent: it does not run. */
  readonly startedAtMs?: number;
  readonly isTerminated: boolean;
  readonly started: boolean;
}

export interface ProbeObservation {
  readonly nowMs: number;
  /** The pod's deletion was requested. */
  readonly podDeleted: boolean;
  /** Absent: the pod has no status. */
  readonly pod?: { readonly phase: string | undefined; readonly container?: ProbedContainer };
  /** Result on record for the observed instance; absent: none. */
  readonly known?: ProbeResult;
}

/** Changes of the results on record, to be made in order. */
export type ProbeRecord =
  | { readonly kind: "set"; readonly containerId: string; readonly result: ProbeResult }
  | { readonly kind: "remove"; readonly containerId: string };

export interface ProbeTurn {
  readonly state: ProbeWorkerState;
  /** `end`: over, unless the pod's status becomes another one; `wait`: until the next turn. */
  readonly plan: "probe" | "wait" | "end";
  /** Why, for the log. */
  readonly trace: string;
  readonly records: readonly ProbeRecord[];
  /** With `wait`: what it waits for comes after this long, if that is known. */
  readonly waitMs?: number;
}

const INITIAL: Readonly<Record<ProbeType, ProbeResult>> = {
  readiness: "Failure",
  liveness: "Success",
  startup: "Unknown",
};

/**
 * First half of a turn. A result that is on record for a new instance already stays; the kubelet, which keeps none over
 * a restart, never has one there.
 */
export function beginProbe(
  config: ProbeWorkerConfig,
  before: ProbeWorkerState,
  observation: ProbeObservation,
): ProbeTurn {
  const { pod, known, podDeleted, nowMs } = observation;
  const { probeType } = config;
  if (pod === undefined) return { state: before, plan: "wait", trace: "NoPodStatus", records: [] };
  if (isTerminalPhase(pod.phase)) return { state: before, plan: "end", trace: "PodEnded", records: [] };
  const { container } = pod;
  if (container === undefined || container.id === "") {
    return { state: before, plan: "wait", trace: "NoContainer", records: [] };
  }
  const isNew = container.id !== before.containerId;
  const state = isNew ? { ...before, containerId: container.id, onHold: false } : before;
  const records = isNew ? recordsOfNew(config, before, container, known) : [];
  const turn = (plan: ProbeTurn["plan"], trace: string, result?: ProbeResult): ProbeTurn => {
    const more: readonly ProbeRecord[] =
      result === undefined ? [] : [{ kind: "set", containerId: container.id, result }];
    return { state, plan, trace, records: [...records, ...more] };
  };

  if (state.onHold) return turn("wait", "OnHold");
  if (container.startedAtMs === undefined) {
    return turn(!container.isTerminated || config.comesBack ? "wait" : "end", "NotRunning", "Failure");
  }
  if (podDeleted && probeType !== "readiness") return turn("end", "PodDeleted", "Success");
  const runningSeconds = Math.trunc((nowMs - container.startedAtMs) / 1000);
  if (runningSeconds < config.initialDelaySeconds) {
    const waitMs = container.startedAtMs + config.initialDelaySeconds * 1000 - nowMs;
    return { ...turn("wait", "InitialDelay"), waitMs };
  }
  if (container.started === (probeType === "startup")) {
    return turn("wait", container.started ? "HasStarted" : "HasNotStarted");
  }
  return turn("probe", "Due");
}

function recordsOfNew(
  { probeType }: ProbeWorkerConfig,
  before: ProbeWorkerState,
  container: ProbedContainer,
  known: ProbeResult | undefined,
): readonly ProbeRecord[] {
  const remove: readonly ProbeRecord[] =
    before.containerId === "" ? [] : [{ kind: "remove", containerId: before.containerId }];
  if (known !== undefined) return remove;
  return [...remove, { kind: "set", containerId: container.id, result: INITIAL[probeType] }];
}

/** The container in a pod's status; absent: it has none there, or one without an id. */
export function probedContainer(status: PodStatus, name: string): ProbedContainer | undefined {
  const lists = [status.containerStatuses, status.initContainerStatuses];
  const found = lists.map((list) => list?.find((each) => each.name === name && each.containerID));
  const container = found.find((each) => each !== undefined);
  if (container === undefined) return undefined;
  const startedAt = container.state?.running?.startedAt;
  return {
    id: rawContainerId(container.containerID),
    ...(container.state?.running !== undefined && { startedAtMs: startedAt === undefined ? 0 : Date.parse(startedAt) }),
    isTerminated: container.state?.terminated !== undefined,
    started: container.started === true,
  };
}

/** What one execution came to; `error`: it could not be carried out. */
export type ProbeOutcome =
  | {
      readonly result: "Success" | "Warning" | "Failure" | "Unknown";
      readonly output: string;
      /** Asked over HTTPS, the server answered in HTTP. */
      readonly isPlainHttp?: true;
    }
  | { readonly error: string };

/** Executions in one turn: an error is tried again at once. */
export const MAX_PROBE_EXECUTIONS = 3;

export interface ProbeEvent {
  readonly type: "Warning";
  readonly reason: "Unhealthy" | "ProbeWarning";
  readonly message: string;
}

export interface ProbeConclusion {
  readonly state: ProbeWorkerState;
  readonly records: readonly ProbeRecord[];
  readonly event?: ProbeEvent;
}

/** Second half of a turn, with the last outcome of its executions. */
export function concludeProbe(
  config: ProbeWorkerConfig,
  before: ProbeWorkerState,
  outcome: ProbeOutcome,
): ProbeConclusion {
  const event = probeEvent(config.probeType, outcome);
  const told = event === undefined ? {} : { event };
  if ("error" in outcome) return { state: before, records: [], ...told };
  const result = outcome.result === "Success" || outcome.result === "Warning" ? "Success" : "Failure";
  const resultRun = before.lastResult === result ? before.resultRun + 1 : 1;
  const state: ProbeWorkerState = { ...before, lastResult: result, resultRun };
  const threshold = result === "Success" ? config.successThreshold : config.failureThreshold;
  if (resultRun < threshold) return { state, records: [], ...told };
  const isFatal = result === "Failure" && config.probeType !== "readiness";
  return {
    state: isFatal ? { ...state, onHold: true, resultRun: 0 } : state,
    records: [{ kind: "set", containerId: before.containerId, result }],
    ...told,
  };
}

function probeEvent(probeType: ProbeType, outcome: ProbeOutcome): ProbeEvent | undefined {
  const name = `${probeType.charAt(0).toUpperCase()}${probeType.slice(1)}`;
  if ("error" in outcome) {
    return { type: "Warning", reason: "Unhealthy", message: `${name} probe errored: ${outcome.error}` };
  }
  const { result, output } = outcome;
  if (result === "Success") return undefined;
  if (result === "Warning") {
    return { type: "Warning", reason: "ProbeWarning", message: `${name} probe warning: ${output}` };
  }
  return { type: "Warning", reason: "Unhealthy", message: `${name} probe failed: ${output}` };
}
