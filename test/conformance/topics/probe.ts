import type { ContainerStatus, Pod, PodPhase, PodStatus } from "../../../src/core/api/types.ts";
import type { ProbeResult } from "../../../src/core/pod/runtime-status.ts";
import { rawContainerId, withInitReadiness, withProbeResults } from "../../../src/core/pod/status-probes.ts";
import {
  beginProbe,
  concludeProbe,
  MAX_PROBE_EXECUTIONS,
  NEW_PROBE_WORKER,
  type ProbeObservation,
  type ProbeOutcome,
  type ProbeRecord,
  type ProbeType,
  type ProbeWorkerConfig,
} from "../../../src/core/probe/worker.ts";
import type { Topic } from "../case.ts";

interface Step {
  readonly containerID: string;
  readonly state: "running" | "waiting" | "terminated" | "none";
  readonly runningForSeconds?: number;
  readonly started?: boolean | null;
  readonly podPhase?: PodPhase;
  readonly noPodStatus?: boolean;
  readonly podDeleted?: boolean;
  readonly probeResults: readonly ("success" | "failure" | "warning" | "unknown" | "error")[];
}

interface WorkerInput {
  readonly kind: "worker";
  readonly probeType: ProbeType;
  readonly probe: {
    readonly failureThreshold: number;
    readonly initialDelaySeconds: number;
    readonly successThreshold: number;
  };
  readonly restartPolicy: string;
  readonly steps: readonly Step[];
}

interface StatusInput {
  readonly kind: "podStatus";
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly readiness: Readonly<Record<string, ProbeResult>> | null;
  readonly startup: Readonly<Record<string, ProbeResult>> | null;
}

const NOW_MS = 1_700_000_000_000;
const SCHEME = "cri-o://";

export const topic: Topic = ({ input }) => {
  const given = input as WorkerInput | StatusInput;
  return { actual: given.kind === "worker" ? { steps: runWorker(given) } : podStatus(given) };
};

function runWorker({ probeType, probe, restartPolicy, steps }: WorkerInput) {
  const config: ProbeWorkerConfig = { probeType, ...probe, comesBack: restartPolicy !== "Never" };
  const results = new Map<string, ProbeResult>();
  const told = [];
  let state = NEW_PROBE_WORKER;
  let podDeleted = false;
  for (const step of steps) {
    podDeleted ||= step.podDeleted === true;
    const changes: string[] = [];
    const events: string[] = [];
    let probeExecutions = 0;
    const turn = beginProbe(config, state, observe(step, podDeleted, results));
    state = turn.state;
    apply(results, turn.records, changes);
    if (turn.plan === "probe") {
      let outcome = execute(step, probeExecutions);
      for (probeExecutions = 1; "error" in outcome && probeExecutions < MAX_PROBE_EXECUTIONS; probeExecutions += 1) {
        outcome = execute(step, probeExecutions);
      }
      const conclusion = concludeProbe(config, state, outcome);
      state = conclusion.state;
      apply(results, conclusion.records, changes);
      const { event } = conclusion;
      if (event !== undefined) events.push(`${event.type} ${event.reason} ${event.message}`);
    }
    const result = results.get(step.containerID);
    told.push({
      continues: turn.plan !== "end",
      probeExecutions,
      result: result === undefined ? null : resultText(result),
      resultChanges: changes,
      events,
    });
    if (turn.plan === "end") break;
  }
  return told;
}

function observe(step: Step, podDeleted: boolean, results: ReadonlyMap<string, ProbeResult>): ProbeObservation {
  const known = results.get(step.containerID);
  const { runningForSeconds = 0 } = step;
  const container = {
    id: step.containerID,
    ...(step.state === "running" && { startedAtMs: NOW_MS - runningForSeconds * 1000 }),
    isTerminated: step.state === "terminated",
    started: step.started === true,
  };
  const pod = { phase: step.podPhase ?? "Running", ...(step.state !== "none" && { container }) };
  return {
    nowMs: NOW_MS,
    podDeleted,
    ...(step.noPodStatus !== true && { pod }),
    ...(known !== undefined && { known }),
  };
}

function execute({ probeResults }: Step, execution: number): ProbeOutcome {
  const answer = probeResults[Math.min(execution, probeResults.length - 1)];
  switch (answer) {
    case "success":
      return { result: "Success", output: "output of success" };
    case "failure":
      return { result: "Failure", output: "output of failure" };
    case "warning":
      return { result: "Warning", output: "output of warning" };
    case "unknown":
      return { result: "Unknown", output: "output of unknown" };
    default:
      return { error: "output of error" };
  }
}

/** Only a result that is another one than before is a change. */
function apply(results: Map<string, ProbeResult>, records: readonly ProbeRecord[], changes: string[]): void {
  for (const record of records) {
    if (record.kind === "remove") {
      results.delete(record.containerId);
      continue;
    }
    const { containerId, result } = record;
    if (results.get(containerId) === result) continue;
    results.set(containerId, result);
    changes.push(`${SCHEME}${containerId}=${resultText(result)}`);
  }
}

function resultText(result: ProbeResult): string {
  return result === "Unknown" ? "UNKNOWN" : result;
}

function podStatus({ pod, status, readiness, startup }: StatusInput) {
  const byId = (results: StatusInput["readiness"]) =>
    new Map(Object.entries(results ?? {}).map(([id, result]) => [rawContainerId(id), result]));
  const spec = pod.spec ?? { containers: [] };
  const probes = { readiness: byId(readiness), startup: byId(startup) };
  const shown = ({ name, ready, started }: ContainerStatus) => ({ name, ready, started });
  return {
    containerStatuses: withProbeResults(status.containerStatuses ?? [], spec, probes).map(shown),
    initContainerStatuses: withInitReadiness(status.initContainerStatuses ?? [], spec, probes).map(shown),
  };
}
