import type { PodWorkerAction, PodWorkersStep, PodWorkerTrace } from "./events.ts";
import type { PodWork, PodWorkerState, PodWorkersState } from "./state.ts";

/**
 * Hands out the work of every worker that has some due and none in flight, oldest worker first. A static pod starts
 * only when no other pod of its full name is left. Source: kubelet pod_workers.go allowPodStart, managePodLoop.
 */
export function dispatchDue(state: PodWorkersState, nowMs: number): PodWorkersStep {
  const ready = Object.values(state.workers)
    .filter((worker) => worker.due && worker.running === undefined && worker.phase !== "finished")
    .sort((a, b) => a.sequence - b.sequence);
  let workers = state.workers;
  const plan: PodWorkerAction[] = [];
  const trace: PodWorkerTrace[] = [];
  for (const worker of ready) {
    const owner = blockingPod(workers, worker);
    if (owner !== undefined) {
      trace.push({ uid: worker.uid, what: "waitsForPod", ownerUid: owner.uid, fullName: worker.fullName });
      continue;
    }
    const work = workOf(worker);
    workers = { ...workers, [worker.uid]: taken(worker, work, nowMs) };
    plan.push({ kind: "run", uid: worker.uid, work });
  }
  return { state: { ...state, workers }, plan, trace };
}

function workOf(worker: PodWorkerState): PodWork {
  const { pod, mirrorPod, killStatus } = worker;
  const status = killStatus === undefined ? {} : { status: killStatus };
  if (worker.phase === "sync") {
    return { kind: "sync", pod, updateType: worker.updateType, ...(mirrorPod === undefined ? {} : { mirrorPod }) };
  }
  if (worker.phase !== "terminating") return { kind: "cleanUp", pod, ...status };
  return { kind: "terminate", pod, graceSeconds: worker.graceSeconds ?? 1, runtimeOnly: worker.runtimeOnly, ...status };
}

function taken(worker: PodWorkerState, work: PodWork, nowMs: number): PodWorkerState {
  return {
    ...worker,
    running: work.kind,
    due: false,
    updateType: "sync",
    startedTerminating: worker.startedTerminating || work.kind === "terminate",
    ...(work.kind === "sync" && worker.startedAtMs === undefined ? { startedAtMs: nowMs } : {}),
  };
}

/** The pod that must be gone before this static pod may start for the first time. */
function blockingPod(workers: PodWorkersState["workers"], worker: PodWorkerState): PodWorkerState | undefined {
  if (!worker.isStatic || worker.phase !== "sync" || worker.startedAtMs !== undefined) return undefined;
  return Object.values(workers).find(
    (other) => other.uid !== worker.uid && other.fullName === worker.fullName && blocks(other, worker),
  );
}

/** Whatever may still have containers, and whoever was here first. */
function blocks(other: PodWorkerState, worker: PodWorkerState): boolean {
  if (other.phase === "finished" || !(other.isStatic || other.runtimeOnly)) return false;
  return other.phase !== "sync" || other.startedAtMs !== undefined || other.sequence < worker.sequence;
}
