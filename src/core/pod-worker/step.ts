/**
 * What the pod workers do next. The agent feeds every event in order and carries out the plan; it holds no rules.
 * Source: kubelet pod_workers.go (1.26): UpdatePod, managePodLoop, completeTerminating, completeTerminated.
 */
import type { Pod } from "../api/types.ts";
import { isStaticPod } from "../pod/critical.ts";
import { podFullName } from "../pod/names.ts";
import { isTerminalPhase } from "../pod/phase.ts";
import { isStandalonePod } from "../pod/standalone-pod.ts";
import { dispatchDue } from "./dispatch.ts";
import type { PodWorkerAction, PodWorkerEvent, PodWorkersStep, PodWorkerTrace, TerminationCause } from "./events.ts";
import { effectiveGraceSeconds } from "./grace.ts";
import type { PodUpdateType, PodWorkerState, PodWorkersState } from "./state.ts";

/** One event, one step: the new state, what to do now, and why. Never fails; an event about an unknown pod is ignored. */
export function stepPodWorkers(state: PodWorkersState, event: PodWorkerEvent): PodWorkersStep {
  const step = apply(state, event);
  const dispatched = dispatchDue(step.state, event.nowMs);
  return {
    state: dispatched.state,
    plan: [...step.plan, ...dispatched.plan],
    trace: [...step.trace, ...dispatched.trace],
  };
}

function apply(state: PodWorkersState, event: PodWorkerEvent): PodWorkersStep {
  switch (event.kind) {
    case "update":
      return applyUpdate(state, event);
    case "kill":
      return applyKill(state, event);
    case "killRuntimePod":
      return applyRuntimePod(state, event);
    case "workEnded":
      return applyWorkEnded(state, event);
    case "wake":
      return applyWake(state, event.uid);
  }
}

type EventOf<K extends PodWorkerEvent["kind"]> = Extract<PodWorkerEvent, { readonly kind: K }>;

function applyUpdate(state: PodWorkersState, event: EventOf<"update">): PodWorkersStep {
  const uid = event.pod.metadata?.uid ?? "";
  const known = workerOf(state, uid);
  if (known === undefined) return applyFirstSight(state, event);
  if (known.phase !== "sync" && (event.updateType === "create" || known.runtimeOnly)) {
    const restartWith = { pod: event.pod, ...(event.mirrorPod === undefined ? {} : { mirrorPod: event.mirrorPod }) };
    if (known.phase === "finished") return restart(state, { ...known, restartWith }, event.nowMs);
    return put(state, { ...known, restartWith }, [], [{ uid, what: "restartRequested" }]);
  }
  if (known.phase === "finished") return nothing(state, { uid, what: "ignored", why: "finished" });
  const { mirrorPod: _, ...rest } = known;
  const updated: PodWorkerState = {
    ...rest,
    pod: event.pod,
    ...(event.mirrorPod === undefined ? {} : { mirrorPod: event.mirrorPod }),
    updateType: known.updateType === "create" && known.startedAtMs === undefined ? "create" : event.updateType,
    due: known.due || known.phase === "sync" || known.running === undefined,
  };
  return settle(state, updated, causeOfPod(event.pod), event.nowMs, {});
}

function applyFirstSight(state: PodWorkersState, event: EventOf<"update">): PodWorkersStep {
  const worker = newWorker(state, event.pod, event.nowMs, event.updateType);
  const withMirror = event.mirrorPod === undefined ? worker : { ...worker, mirrorPod: event.mirrorPod };
  const seen: PodWorkerTrace = { uid: worker.uid, what: "firstSeen" };
  const phase = event.pod.status?.phase;
  if (isTerminalPhase(phase) && event.nothingRuns === true) {
    // It ended before the agent (re)started: only what is left of it on disk remains to be cleaned up.
    const over: PodWorkerState = {
      ...withMirror,
      phase: "terminated",
      terminatingAtMs: event.nowMs,
      terminatedAtMs: event.nowMs,
      startedTerminating: true,
      deleted: event.pod.metadata?.deletionTimestamp !== undefined,
    };
    return put(state, over, [], [seen, { uid: worker.uid, what: "alreadyOver", phase }]);
  }
  return prepend(settle(state, withMirror, causeOfPod(event.pod), event.nowMs, {}), seen);
}

function applyKill(state: PodWorkersState, event: EventOf<"kill">): PodWorkersStep {
  const uid = event.pod.metadata?.uid ?? "";
  const known = workerOf(state, uid);
  if (known?.phase === "finished") return nothing(state, { uid, what: "ignored", why: "finished" });
  const base = known ?? newWorker(state, event.pod, event.nowMs, "update");
  // A wish to start it again ends with this kill.
  const { restartWith: _, ...rest } = base;
  const cause = causeOfPod(event.pod) ?? (event.evict === true ? "evicted" : "killed");
  const status = event.status ?? base.killStatus;
  const worker: PodWorkerState = {
    ...rest,
    pod: event.pod,
    evicted: base.evicted || (cause === "evicted" && base.phase === "sync"),
    due: base.due || base.phase === "sync" || base.running === undefined,
    ...(status === undefined ? {} : { killStatus: status }),
  };
  const step = settle(state, worker, cause, event.nowMs, event);
  return known === undefined ? prepend(step, { uid, what: "firstSeen" }) : step;
}

function applyRuntimePod(state: PodWorkersState, event: EventOf<"killRuntimePod">): PodWorkersStep {
  const { uid, name, namespace, graceSeconds } = event;
  if (workerOf(state, uid) !== undefined) return nothing(state, { uid, what: "ignored", why: "known" });
  const pod: Pod = { metadata: { uid, name, namespace } };
  const worker: PodWorkerState = { ...newWorker(state, pod, event.nowMs, "update"), runtimeOnly: true };
  // Differs: the kubelet gives such a pod a second; here it may be one whose manifest went while the agent was down.
  const asked = graceSeconds === undefined ? {} : { graceSeconds };
  return prepend(settle(state, worker, "runtimeOnly", event.nowMs, asked), { uid, what: "firstSeen" });
}

function applyWake(state: PodWorkersState, uid: string): PodWorkersStep {
  const worker = workerOf(state, uid);
  if (worker === undefined) return nothing(state, { uid, what: "ignored", why: "unknownPod" });
  if (worker.phase === "finished") return nothing(state, { uid, what: "ignored", why: "finished" });
  if (worker.running !== undefined && worker.phase !== "sync") return nothing(state);
  return put(state, { ...worker, due: true }, [], []);
}

function applyWorkEnded(state: PodWorkersState, event: EventOf<"workEnded">): PodWorkersStep {
  const { uid, result, nowMs } = event;
  const known = workerOf(state, uid);
  if (known === undefined) return nothing(state, { uid, what: "ignored", why: "unknownPod" });
  const { running, ...worker } = known;
  if (running === undefined) return nothing(state);
  if (result.kind === "failed") {
    if (worker.due || result.cause === "canceled") return put(state, { ...worker, due: true }, [], []);
    const after = result.cause === "networkNotReady" ? "transientBackOff" : "backOff";
    return put(state, worker, [{ kind: "requeue", uid, after }], []);
  }
  if (running === "sync") {
    if (worker.phase === "sync" && result.terminalPhase === true) {
      // Differs: the kubelet forgets at a restart that a pod was evicted, and keeps what it left on a disk that is full.
      const evicted = worker.evicted || result.evicted === true;
      return settle(state, { ...worker, evicted, due: true }, "completed", nowMs, {});
    }
    return put(state, worker, worker.due ? [] : [{ kind: "requeue", uid, after: "resync" }], []);
  }
  if (running === "cleanUp") return finish(state, worker, nowMs);
  const terminated: PodWorkerState = { ...worker, phase: "terminated", terminatedAtMs: nowMs, due: true };
  const action: PodWorkerAction = { kind: "terminated", uid };
  if (!worker.runtimeOnly) return put(state, terminated, [action], [{ uid, what: "terminated" }]);
  const step = finish(state, terminated, nowMs);
  return { ...step, plan: [action, ...step.plan], trace: [{ uid, what: "terminated" }, ...step.trace] };
}

/** The worker with its termination (new, or with a shorter grace) worked out; cancels what is in flight where that helps. */
function settle(
  state: PodWorkersState,
  worker: PodWorkerState,
  cause: TerminationCause | undefined,
  nowMs: number,
  asked: { readonly graceSeconds?: number; readonly atOnce?: boolean },
): PodWorkersStep {
  const { uid } = worker;
  const deleted = worker.deleted || worker.runtimeOnly || worker.pod.metadata?.deletionTimestamp !== undefined;
  if (worker.phase === "terminated" || (worker.phase === "sync" && cause === undefined)) {
    return put(state, { ...worker, deleted }, [], []);
  }
  const graceSeconds = effectiveGraceSeconds(
    worker.graceSeconds,
    worker.pod,
    asked.graceSeconds,
    worker.runtimeOnly,
    asked.atOnce === true,
  );
  const begins = worker.phase === "sync";
  const shortened = worker.graceSeconds !== undefined && graceSeconds < worker.graceSeconds;
  const settled: PodWorkerState = {
    ...worker,
    phase: "terminating",
    terminatingAtMs: worker.terminatingAtMs ?? nowMs,
    deleted,
    graceSeconds,
    due: worker.due || begins || shortened,
  };
  const plan: readonly PodWorkerAction[] =
    worker.running !== undefined && (begins || shortened) ? [{ kind: "cancel", uid }] : [];
  if (begins && cause !== undefined)
    return put(state, settled, plan, [{ uid, what: "terminating", cause, graceSeconds }]);
  if (!shortened) return put(state, settled, plan, []);
  const fromSeconds = worker.graceSeconds;
  return put(state, settled, plan, [{ uid, what: "graceShortened", fromSeconds, toSeconds: graceSeconds }]);
}

function finish(state: PodWorkersState, worker: PodWorkerState, nowMs: number): PodWorkersStep {
  const { uid } = worker;
  const finished: PodWorkerState = { ...worker, phase: "finished", finishedAtMs: nowMs, due: false };
  const step = worker.restartWith === undefined ? put(state, finished, [], []) : restart(state, finished, nowMs);
  return {
    ...step,
    plan: [{ kind: "finished", uid }, ...step.plan],
    trace: [{ uid, what: "finished" }, ...step.trace],
  };
}

function restart(state: PodWorkersState, worker: PodWorkerState, nowMs: number): PodWorkersStep {
  const { uid, restartWith } = worker;
  if (restartWith === undefined) return nothing(state);
  const { [uid]: _, ...others } = state.workers;
  const event = { kind: "update", nowMs, updateType: "create", ...restartWith } as const;
  return prepend(applyFirstSight({ ...state, workers: others }, event), { uid, what: "restarted" });
}

function causeOfPod(pod: Pod): TerminationCause | undefined {
  if (isTerminalPhase(pod.status?.phase)) return "terminalPhase";
  return pod.metadata?.deletionTimestamp === undefined ? undefined : "deleted";
}

function newWorker(state: PodWorkersState, pod: Pod, nowMs: number, updateType: PodUpdateType): PodWorkerState {
  return {
    uid: pod.metadata?.uid ?? "",
    fullName: podFullName(pod),
    sequence: state.nextSequence,
    pod,
    isStatic: isStaticPod(pod) || isStandalonePod(pod),
    runtimeOnly: false,
    phase: "sync",
    updateType,
    seenAtMs: nowMs,
    startedTerminating: false,
    deleted: false,
    evicted: false,
    due: true,
  };
}

function workerOf(state: PodWorkersState, uid: string): PodWorkerState | undefined {
  return Object.hasOwn(state.workers, uid) ? state.workers[uid] : undefined;
}

function put(
  state: PodWorkersState,
  worker: PodWorkerState,
  plan: readonly PodWorkerAction[],
  trace: readonly PodWorkerTrace[],
): PodWorkersStep {
  const nextSequence = Math.max(state.nextSequence, worker.sequence + 1);
  return { state: { ...state, nextSequence, workers: { ...state.workers, [worker.uid]: worker } }, plan, trace };
}

function nothing(state: PodWorkersState, ...trace: readonly PodWorkerTrace[]): PodWorkersStep {
  return { state, plan: [], trace };
}

function prepend(step: PodWorkersStep, entry: PodWorkerTrace): PodWorkersStep {
  return { ...step, trace: [entry, ...step.trace] };
}
