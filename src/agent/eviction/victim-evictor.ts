/** Carries a decision out: its events, its record, the kill. What was begun before a restart is finished after it. */
import type { Pod, PodCondition } from "../../core/api/types.ts";
import {
  type EvictionInput,
  type EvictionPlan,
  type EvictionTrace,
  type EvictPlan,
  isHard,
  type Victim,
} from "../../core/eviction/index.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import type { KillStatus } from "../../core/pod-worker/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodManager } from "../pods/pod-manager.ts";
import type { StatusManager } from "../status/status-manager.ts";
import type { EvictionRecords } from "./eviction-records.ts";

export interface VictimEvictorPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly records: EvictionRecords;
  readonly pods: Pick<PodManager, "pod" | "allSourcesReady">;
  readonly workers: Pick<PodWorkers, "state" | "kill">;
  readonly statuses: Pick<StatusManager, "get">;
  /** What each container of a pod logged last. */
  readonly lastLogLines: (pod: Pod) => Promise<EvictionRecord["lastLogLines"]>;
}

/** Source: kubelet eviction podCleanupTimeout. */
const CLEANUP_LIMIT_MS = 30_000;

export class VictimEvictor {
  readonly #ports: VictimEvictorPorts;
  /** UIDs of pods that this agent, or the one before it, has evicted and that may still run. */
  readonly #evicting = new Set<string>();
  /** By UID: what an earlier agent had begun, of pods that this one has not met yet. */
  readonly #begunBefore: Map<string, Victim>;
  /** UIDs of pods that would have been evicted since the shortage began, where that is only to be known. */
  readonly #wouldBeEvicted = new Set<string>();
  /** Monotonic time at which an evicted pod was first seen to have ended. */
  readonly #endedAt = new Map<string, number>();

  constructor(ports: VictimEvictorPorts) {
    this.#ports = ports;
    this.#begunBefore = new Map(ports.records.unfinished().map(({ victim }) => [victim.uid, victim]));
  }

  isEvicting(uid: string): boolean {
    return this.#evicting.has(uid);
  }

  /** Whether an evicted pod has ended and is not yet cleaned up; one that takes too long is not waited for. */
  isCleaningUp(): boolean {
    const { clock, workers } = this.#ports;
    const now = clock.monotonic();
    let isPending = false;
    for (const uid of this.#evicting) {
      if (workers.state.workers[uid]?.phase !== "terminated") continue;
      const sinceMs = this.#endedAt.get(uid) ?? now;
      this.#endedAt.set(uid, sinceMs);
      if (now - sinceMs < CLEANUP_LIMIT_MS) isPending = true;
    }
    return isPending;
  }

  /** Events of the node that come with a plan. */
  tell({ kind, nodeEvents }: EvictionPlan): void {
    if (kind === "nothing") this.#wouldBeEvicted.clear();
    for (const { type, reason, message } of nodeEvents) this.#ports.events.node(type, reason, message);
  }

  evict(plan: EvictPlan, input: EvictionInput, trace: EvictionTrace): void {
    for (const victim of plan.victims) this.#evictOne(plan, victim, input, trace);
  }

  /**
   * To be told of a pod before it gets its first worker. `true`: an agent before this one had begun to evict it, and it is
   * ended now, before anything of it is started.
   */
  finishInterrupted(pod: Pod): boolean {
    const { statuses, log } = this.#ports;
    const { name, namespace, uid = "" } = pod.metadata ?? {};
    const victim = this.#begunBefore.get(uid);
    if (victim === undefined) return false;
    this.#begunBefore.delete(uid);
    this.#evicting.add(uid);
    // What has failed is ended by its worker anyway.
    if (isTerminalPhase(statuses.get(uid)?.phase)) return false;
    log.info("an interrupted eviction is finished", { pod: name, namespace });
    this.#kill(pod, victim, victim.gracePeriodSeconds === 0);
    return true;
  }

  /** To be called now and then: records of pods that are gone are closed. */
  closeRecords(): void {
    const { clock, pods, records } = this.#ports;
    // What was deleted while no agent ran does not come any more: a pod of that UID is a later one.
    if (pods.allSourcesReady) {
      for (const uid of this.#begunBefore.keys()) if (pods.pod(uid) === undefined) this.#begunBefore.delete(uid);
    }
    const over = records.unfinished().filter(({ victim }) => this.#isGone(victim.uid));
    for (const { id, victim } of over) {
      records.finish(id, clock.now());
      this.#evicting.delete(victim.uid);
      this.#endedAt.delete(victim.uid);
    }
  }

  #isGone(uid: string): boolean {
    const { workers, statuses } = this.#ports;
    const worker = workers.state.workers[uid];
    // A pod that its source has not told of yet may still come.
    if (worker === undefined) return !this.#begunBefore.has(uid);
    if (worker.phase === "sync") {
      // The victim has left this phase for good: this is a later pod of the same UID, which must not pay for it.
      return !worker.runtimeOnly && !isTerminalPhase(statuses.get(uid)?.phase);
    }
    return worker.phase === "finished";
  }

  #evictOne(plan: EvictPlan, victim: Victim, input: EvictionInput, trace: EvictionTrace): void {
    const { clock, log, events, records } = this.#ports;
    const pod = input.activePods.find(({ uid }) => uid === victim.uid)?.pod;
    // It may have ended while the node was measured.
    if (pod === undefined || !this.#mayRun(victim.uid)) return;
    const { cause, thresholdKey, dryRun } = plan;
    // Nothing is done about it, so that every round decides the same: told once.
    if (dryRun && this.#wouldBeEvicted.has(victim.uid)) return;
    if (dryRun) this.#wouldBeEvicted.add(victim.uid);
    const stats = input.summary?.pods?.find(({ podRef }) => podRef.uid === victim.uid);
    const record = records.add({
      atMs: clock.now(),
      cause,
      ...(thresholdKey !== undefined && { thresholdKey }),
      victim,
      trace,
      ...(stats !== undefined && { stats }),
      lastLogLines: {},
      dryRun,
    });
    this.#keepLogLines(record.id, pod);
    const { name, namespace, message, gracePeriodSeconds, isForced } = victim;
    log.warn(dryRun ? "pod would be evicted" : "pod is evicted", { pod: name, namespace, message, gracePeriodSeconds });
    if (dryRun) return;
    // One that is forced was told before, when its end began.
    if (!isForced || !this.#evicting.has(victim.uid)) {
      events.annotatedPod(pod, "Warning", victim.reason, message, victim.annotations ?? {});
    }
    this.#kill(pod, victim, isUrgent(plan, trace));
  }

  #mayRun(uid: string): boolean {
    const phase = this.#ports.workers.state.workers[uid]?.phase;
    return phase === "sync" || phase === "terminating";
  }

  #kill(pod: Pod, victim: Victim, atOnce: boolean): void {
    const { gracePeriodSeconds, reason, message, condition, uid } = victim;
    const conditions: readonly PodCondition[] = condition === undefined ? [] : [condition];
    const status: KillStatus = { phase: "Failed", reason, message, conditions };
    this.#evicting.add(uid);
    this.#ports.workers.kill(pod, { graceSeconds: gracePeriodSeconds, atOnce, evict: true, status });
  }

  #keepLogLines(id: string, pod: Pod): void {
    const { lastLogLines, records, log } = this.#ports;
    lastLogLines(pod).then(
      (lines) => records.addLogLines(id, lines),
      (error: unknown) => log.debug("last log lines not kept", { error: errorMessage(error) }),
    );
  }
}

/** A hard threshold is passed: what is left of the node would not last for a grace period. */
function isUrgent({ thresholdKey }: EvictPlan, { thresholds }: EvictionTrace): boolean {
  const driving = thresholds.find(({ threshold }) => threshold.key === thresholdKey)?.threshold;
  return driving !== undefined && isHard(driving);
}
