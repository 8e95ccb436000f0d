/**
 * What other parts of the agent may do with a pod, as far as its worker is concerned. A pod without a worker counts as
 * gone once all pods were handed to the workers, and as possibly running before. Source: kubelet pod_workers.go.
 */
import type { PodWorkerState, PodWorkersState } from "./state.ts";

/** Can containers of the pod be running? */
export function couldHaveRunningContainers(state: PodWorkersState, uid: string): boolean {
  const worker = workerOf(state, uid);
  return worker === undefined ? !state.podsSynced : worker.terminatedAtMs === undefined;
}

/** Has the pod's end been asked for? Unknown pods: no. */
export function isTerminationRequested(state: PodWorkersState, uid: string): boolean {
  return workerOf(state, uid)?.terminatingAtMs !== undefined;
}

/** Is it certain that no container of the pod is started any more? */
export function shouldContainersBeTerminating(state: PodWorkersState, uid: string): boolean {
  return workerOf(state, uid)?.startedTerminating ?? state.podsSynced;
}

/** May everything at run time that is neither a container nor content (volumes, cgroups) be removed? */
export function shouldRuntimeBeRemoved(state: PodWorkersState, uid: string): boolean {
  const worker = workerOf(state, uid);
  return worker === undefined ? state.podsSynced : worker.terminatedAtMs !== undefined;
}

/** May the pod's dead containers, logs and directories be removed? */
export function shouldContentBeRemoved(state: PodWorkersState, uid: string): boolean {
  const worker = workerOf(state, uid);
  if (worker === undefined) return state.podsSynced;
  return worker.evicted || (worker.deleted && worker.terminatedAtMs !== undefined);
}

export interface KnownPods {
  readonly state: PodWorkersState;
  /** Pods with a worker that nobody wants and nobody ends: to be killed. */
  readonly orphans: readonly PodWorkerState[];
}

/**
 * To be called with all pods of a complete configuration: forgets finished workers of pods that are not wanted any more
 * and finds those whose removal was missed. Source: kubelet pod_workers.go SyncKnownPods.
 */
export function syncKnownPods(state: PodWorkersState, wantedUids: ReadonlySet<string>): KnownPods {
  const entries = Object.entries(state.workers);
  const kept = entries.filter(([uid, worker]) => wantedUids.has(uid) || worker.phase !== "finished");
  const orphans = entries
    .map(([, worker]) => worker)
    .filter(({ uid, phase, runtimeOnly }) => phase === "sync" && !runtimeOnly && !wantedUids.has(uid));
  return { state: { ...state, podsSynced: true, workers: Object.fromEntries(kept) }, orphans };
}

/** Forgets a finished pod, so that a pod of the same UID may start again; any other is left as it is. */
export function forgetFinishedPod(state: PodWorkersState, uid: string): PodWorkersState {
  if (workerOf(state, uid)?.phase !== "finished") return state;
  const { [uid]: _, ...workers } = state.workers;
  return { ...state, workers };
}

function workerOf(state: PodWorkersState, uid: string): PodWorkerState | undefined {
  return Object.hasOwn(state.workers, uid) ? state.workers[uid] : undefined;
}
