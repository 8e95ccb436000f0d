/**
 * One worker per pod UID, never two writers. What a worker does next is decided in core (stepPodWorkers); this carries
 * out the plan: runs the work, cancels it, wakes it later.
 */
import type { Pod } from "../../core/api/types.ts";
import type { PodRemoval } from "../../core/containers/garbage.ts";
import { longestGraceSeconds } from "../../core/pod/restored-pod.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { PodWorkerAction, PodWorkerEvent, WorkResult } from "../../core/pod-worker/events.ts";
import {
  forgetFinishedPod,
  shouldContentBeRemoved,
  shouldRuntimeBeRemoved,
  syncKnownPods,
} from "../../core/pod-worker/queries.ts";
import { type KillStatus, NO_POD_WORKERS, type PodWork, type PodWorkersState } from "../../core/pod-worker/state.ts";
import { stepPodWorkers } from "../../core/pod-worker/step.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { PodSyncer, SyncResult } from "./pod-syncer.ts";

export interface PodWorkersPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly syncer: PodSyncer;
}

export interface PodWorkersOptions {
  /** A pod at rest is synced this often (the kubelet's syncFrequency). */
  readonly resyncMs: number;
}

export interface KillOptions {
  readonly graceSeconds?: number;
  /** Without any grace: SIGKILL, and no hook before it. */
  readonly atOnce?: boolean;
  readonly evict?: boolean;
  readonly status?: KillStatus;
}

/** After failed work: 1 s doubling to 10 s (the kubelet waits 10 s at once). */
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 10_000;
const TRANSIENT_BACKOFF_MS = 1_000;

/** What exists of a worker beside its state: the work in flight, the timer, the failures. */
interface Activity {
  abort: AbortController | undefined;
  cancelTimer: Cancel;
  failures: number;
  /** Of the last sync. */
  retryInMs: number | undefined;
  running: Promise<void>;
}

export class PodWorkers implements PodRemoval {
  readonly #ports: PodWorkersPorts;
  readonly #options: PodWorkersOptions;
  #state: PodWorkersState = NO_POD_WORKERS;
  readonly #activities = new Map<string, Activity>();
  /** Pods that no source wants any more: forgotten as soon as they are finished. */
  readonly #unwanted = new Set<string>();
  /** Unwanted pods that are wanted again: they start anew once nothing of the old one is left. */
  readonly #wantedAgain = new Map<string, Pod>();
  #onRoom: () => void = () => {};
  #onWantedAgain: (pod: Pod) => void = (pod) => this.update(pod);
  #stopped = false;

  constructor(ports: PodWorkersPorts, options: PodWorkersOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#halt(), { once: true });
  }

  /** Work in flight is aborted and waited for; pods are left as they are. */
  async stop(): Promise<void> {
    this.#halt();
    await Promise.allSettled([...this.#activities.values()].map(({ running }) => running));
  }

  /** `listener` starts a pod that was wanted again before it was gone, and is gone now; without one it starts at once. */
  onWantedAgain(listener: (pod: Pod) => void): void {
    this.#onWantedAgain = listener;
  }

  has(uid: string): boolean {
    return Object.hasOwn(this.#state.workers, uid);
  }

  uids(): readonly string[] {
    return Object.keys(this.#state.workers);
  }

  get state(): PodWorkersState {
    return this.#state;
  }

  /** Pods that may have processes. */
  activePods(): readonly Pod[] {
    return Object.values(this.#state.workers)
      .filter(({ terminatedAtMs, runtimeOnly }) => terminatedAtMs === undefined && !runtimeOnly)
      .map(({ pod }) => pod);
  }

  /** `listener` is called each time that a pod has ended, or nothing is left of it; it must not throw. */
  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  /** Whether the pod has a worker that is on its way out because no source wanted the pod. */
  isLeaving(uid: string): boolean {
    return this.has(uid) && this.#unwanted.has(uid);
  }

  /** The pod is wanted in this version. */
  update(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    if (this.#unwanted.has(uid)) {
      this.#wantedAgain.set(uid, pod);
      return;
    }
    this.#take({ kind: "update", nowMs: this.#now(), pod, updateType: this.has(uid) ? "update" : "create" });
  }

  /** No source wants the pod any more: it is ended with its own grace and forgotten. */
  remove(uid: string): void {
    const worker = this.#state.workers[uid];
    this.#wantedAgain.delete(uid);
    if (worker === undefined || this.#unwanted.has(uid)) return;
    this.#unwanted.add(uid);
    if (worker.phase === "finished") this.#forget(uid);
    else if (!worker.runtimeOnly) this.kill(worker.pod, {});
  }

  /** Ends a pod; a shorter grace than that in force shortens it. */
  kill(pod: Pod, { graceSeconds, atOnce, evict, status }: KillOptions): void {
    this.#take({
      kind: "kill",
      nowMs: this.#now(),
      pod,
      ...(graceSeconds !== undefined && { graceSeconds }),
      ...(atOnce !== undefined && { atOnce }),
      ...(evict !== undefined && { evict }),
      ...(status !== undefined && { status }),
    });
  }

  /** Containers run for a pod that nobody wants: they are ended with the grace that they were created with. */
  adoptOrphan({ uid, name, namespace, containerStatuses }: RuntimePodStatus): void {
    this.#unwanted.add(uid);
    const grace = longestGraceSeconds(containerStatuses);
    const asked = grace === undefined ? {} : { graceSeconds: grace };
    this.#take({ kind: "killRuntimePod", nowMs: this.#now(), uid, name, namespace, ...asked });
  }

  /**
   * Does something about what is left of a pod that has no worker, and holds back a worker of that pod meanwhile.
   * `false`: it has one, nothing was done.
   */
  async withoutWorker(uid: string, action: () => Promise<void>): Promise<boolean> {
    if (this.has(uid) || this.#unwanted.has(uid)) return false;
    this.#unwanted.add(uid);
    try {
      await action();
    } finally {
      this.#unwanted.delete(uid);
      this.#startAgain(uid);
    }
    return true;
  }

  /** Something may have happened to the pod: look. */
  wake(uid: string): void {
    if (this.has(uid)) this.#take({ kind: "wake", nowMs: this.#now(), uid });
  }

  wakeAll(): void {
    for (const uid of this.uids()) this.wake(uid);
  }

  /** To be called with all wanted pods once every source has told its pods. */
  syncKnown(wanted: ReadonlySet<string>): void {
    // Whoever is being forgotten keeps its worker until nothing is left, or housekeeping would make it a second one.
    const { state, orphans } = syncKnownPods(this.#state, new Set([...wanted, ...this.#unwanted]));
    this.#state = state;
    for (const { uid } of orphans) this.remove(uid);
  }

  contentShouldBeRemoved(podUid: string): boolean {
    return shouldContentBeRemoved(this.#state, podUid);
  }

  runtimeShouldBeRemoved(podUid: string): boolean {
    return shouldRuntimeBeRemoved(this.#state, podUid);
  }

  #now(): number {
    return this.#ports.clock.now();
  }

  #halt(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const activity of this.#activities.values()) {
      activity.cancelTimer();
      activity.abort?.abort();
    }
  }

  #take(event: PodWorkerEvent): void {
    if (this.#stopped) return;
    const { state, plan, trace } = stepPodWorkers(this.#state, event);
    this.#state = state;
    for (const entry of trace) this.#ports.log.debug("pod worker", entry);
    for (const action of plan) this.#apply(action);
  }

  #apply(action: PodWorkerAction): void {
    const activity = this.#activity(action.uid);
    switch (action.kind) {
      case "run":
        activity.cancelTimer();
        activity.abort = new AbortController();
        activity.running = this.#run(action.uid, action.work, activity, activity.abort.signal);
        return;
      case "cancel":
        activity.abort?.abort();
        return;
      case "requeue":
        activity.cancelTimer();
        activity.cancelTimer = this.#ports.clock.after(this.#delay(activity, action.after), () =>
          this.wake(action.uid),
        );
        return;
      case "terminated":
        this.#onRoom();
        return;
      case "finished":
        activity.cancelTimer();
        if (this.#unwanted.has(action.uid)) this.#forget(action.uid);
        this.#onRoom();
    }
  }

  #activity(uid: string): Activity {
    const activity = this.#activities.get(uid) ?? {
      abort: undefined,
      cancelTimer: () => {},
      failures: 0,
      retryInMs: undefined,
      running: Promise.resolve(),
    };
    this.#activities.set(uid, activity);
    return activity;
  }

  #delay(activity: Activity, after: "resync" | "backOff" | "transientBackOff"): number {
    if (after === "transientBackOff") return TRANSIENT_BACKOFF_MS;
    if (after === "backOff") return Math.min(BACKOFF_FIRST_MS * 2 ** (activity.failures - 1), BACKOFF_MAX_MS);
    return Math.min(activity.retryInMs ?? Number.POSITIVE_INFINITY, this.#options.resyncMs);
  }

  async #run(uid: string, work: PodWork, activity: Activity, signal: AbortSignal): Promise<void> {
    const result = await this.#attempt(uid, work, activity, signal);
    activity.abort = undefined;
    activity.failures = result.kind === "failed" && result.cause === "error" ? activity.failures + 1 : 0;
    this.#take({ kind: "workEnded", nowMs: this.#now(), uid, result });
  }

  async #attempt(uid: string, work: PodWork, activity: Activity, signal: AbortSignal): Promise<WorkResult> {
    try {
      const outcome = await this.#do(uid, work, signal);
      activity.retryInMs = outcome?.retryInMs;
      if (outcome?.evict !== undefined) this.#fail(work.pod, outcome.evict);
      const { terminal = false, evicted = false } = outcome ?? {};
      return { kind: "done", terminalPhase: terminal, evicted };
    } catch (error) {
      if (signal.aborted) return { kind: "failed", cause: "canceled" };
      // A runtime that is away is told by the node's condition; the pods' work waits for it.
      const level = isRuntimeError(error, "Unavailable") ? "debug" : "warn";
      this.#ports.log[level]("pod work failed", { podUid: uid, work: work.kind, error: errorMessage(error) });
      return { kind: "failed", cause: "error" };
    }
  }

  async #do(uid: string, work: PodWork, signal: AbortSignal): Promise<SyncResult | undefined> {
    const { syncer } = this.#ports;
    switch (work.kind) {
      case "sync":
        return syncer.sync(work.pod, signal);
      case "terminate":
        await syncer.terminate(uid, work.runtimeOnly ? undefined : work.pod, work.graceSeconds, work.status, signal);
        if (work.runtimeOnly) await syncer.cleanUp(uid, undefined);
        return undefined;
      case "cleanUp":
        await syncer.cleanUp(uid, work.pod);
        return undefined;
    }
  }

  #fail(pod: Pod, status: { readonly reason: string; readonly message: string }): void {
    // No eviction by the kubelet's meaning: its containers and logs stay until the pod goes.
    this.kill(pod, { status: { phase: "Failed", ...status } });
  }

  /** Everything of the pod goes; the worker last, so that the same pod does not start beside what is left. */
  #forget(uid: string): void {
    const activity = this.#activity(uid);
    activity.running = this.#forgetWhenGone(uid, activity);
  }

  async #forgetWhenGone(uid: string, activity: Activity): Promise<void> {
    const { clock, log, syncer } = this.#ports;
    const pod = this.#state.workers[uid]?.pod ?? { metadata: { uid } };
    try {
      await syncer.forget(uid, pod);
    } catch (error) {
      log.debug("pod not forgotten yet", { podUid: uid, error: errorMessage(error) });
      if (this.#stopped) return;
      activity.cancelTimer = clock.after(BACKOFF_FIRST_MS, () => this.#forget(uid));
      return;
    }
    this.#unwanted.delete(uid);
    this.#state = forgetFinishedPod(this.#state, uid);
    this.#activities.delete(uid);
    this.#startAgain(uid);
    this.#onRoom();
  }

  #startAgain(uid: string): void {
    const again = this.#wantedAgain.get(uid);
    if (again === undefined) return;
    this.#wantedAgain.delete(uid);
    this.#onWantedAgain(again);
  }
}
