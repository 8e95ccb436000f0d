/**
 * Brings evicted standalone pods back once the pressure is over. Differs: in a cluster a controller makes a new pod
 * somewhere; on a node that stands alone there is nobody else to do it.
 */
import type { Pod, PodStatus } from "../../core/api/types.ts";
import { type Admission, refusedUnderPressure } from "../../core/eviction/admission.ts";
import { returnDelayMs } from "../../core/eviction/return-delay.ts";
import { isStandalonePod } from "../../core/pod/standalone-pod.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodManager } from "../pods/pod-manager.ts";
import type { StatusManager } from "../status/status-manager.ts";
import type { EvictionManager } from "./eviction-manager.ts";
import type { EvictionRecords } from "./eviction-records.ts";
import type { VictimEvictor } from "./victim-evictor.ts";

export interface EvictedPodsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly pods: Pick<PodManager, "pod" | "allSourcesReady">;
  readonly workers: Pick<PodWorkers, "state" | "remove" | "update">;
  readonly statuses: Pick<StatusManager, "get" | "uids" | "subscribe">;
  readonly records: Pick<EvictionRecords, "list" | "unfinished">;
  readonly eviction: Pick<EvictionManager, "admit" | "conditions" | "lastRound">;
  readonly evictor: Pick<VictimEvictor, "closeRecords">;
}

/** Between two looks while somebody is away; otherwise there is none. */
const LOOK_MS = 1_000;

export class EvictedPods {
  readonly #ports: EvictedPodsPorts;
  /** UIDs of pods whose status says that they were evicted. */
  readonly #away = new Set<string>();
  /** UIDs of pods that were told to come back and of which the old life is not put away yet. */
  readonly #returning = new Set<string>();
  #wake: () => void = () => {};
  #done: Promise<void> = Promise.resolve();

  constructor(ports: EvictedPodsPorts) {
    this.#ports = ports;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { statuses } = this.#ports;
    statuses.subscribe((uid, status) => this.#onStatus(uid, status));
    for (const uid of statuses.uids()) this.#onStatus(uid, statuses.get(uid));
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** Whether a pod may start now: as any new one, but one that comes back only when no pressure stands at all. */
  admit(pod: Pod): Admission {
    const { eviction } = this.#ports;
    // What admission lets in under pressure would be the next to go.
    const comesBack = this.#returning.delete(pod.metadata?.uid ?? "");
    if (comesBack && eviction.conditions.length > 0) return refusedUnderPressure(eviction.conditions);
    return eviction.admit(pod);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#isAnybodyAway()) await this.#somebodyAway();
      else if (await this.#ports.clock.sleep(LOOK_MS, signal)) this.#look();
    }
  }

  #isAnybodyAway(): boolean {
    return this.#away.size > 0 || this.#returning.size > 0 || this.#ports.records.unfinished().length > 0;
  }

  #somebodyAway(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #onStatus(uid: string, status: PodStatus | undefined): void {
    if (!isEvicted(status)) return;
    this.#away.add(uid);
    this.#wake();
  }

  /** Closes records of pods that are gone, and starts again what may. */
  #look(): void {
    const { eviction, evictor, pods, workers, events, log } = this.#ports;
    evictor.closeRecords();
    for (const uid of this.#returning) if (!this.#isBeingPutAway(uid)) this.#returning.delete(uid);
    for (const uid of this.#away) if (!this.#mayReturnOnce(uid)) this.#away.delete(uid);
    // An agent that has not looked yet does not know of any pressure.
    if (eviction.lastRound === undefined) return;
    for (const uid of this.#away) {
      const pod = pods.pod(uid);
      if (pod === undefined || !this.#mayReturn(uid)) continue;
      log.info("an evicted pod comes back", { pod: pod.metadata?.name, namespace: pod.metadata?.namespace });
      events.pod(pod, "Normal", "Returning", "The pressure that it was evicted for is over, starting it again");
      this.#returning.add(uid);
      // It starts anew, and is admitted anew, once nothing of its old life is left.
      workers.remove(uid);
      workers.update(pod);
    }
  }

  #isBeingPutAway(uid: string): boolean {
    const worker = this.#ports.workers.state.workers[uid];
    return worker?.phase === "finished" || (worker === undefined && this.#ports.pods.pod(uid) !== undefined);
  }

  /** Whether it is still away, and this agent's to bring back. */
  #mayReturnOnce(uid: string): boolean {
    const { pods, statuses } = this.#ports;
    if (!isEvicted(statuses.get(uid))) return false;
    const pod = pods.pod(uid);
    return pod === undefined ? !pods.allSourcesReady : isStandalonePod(pod);
  }

  #mayReturn(uid: string): boolean {
    const { clock, eviction, records, workers } = this.#ports;
    if (this.#returning.has(uid) || eviction.conditions.length > 0) return false;
    if (workers.state.workers[uid]?.phase !== "finished") return false;
    const evictions = records.list().filter(({ victim, dryRun }) => victim.uid === uid && !dryRun);
    if (evictions.some(({ goneAtMs }) => goneAtMs === undefined)) return false;
    const nowMs = clock.now();
    // After a jump back of the clock an eviction seems to be still to come: it must not keep the pod away until then.
    const times = evictions.map(({ atMs, goneAtMs }) => goneAtMs ?? atMs).filter((atMs) => atMs <= nowMs);
    return nowMs - Math.max(0, ...times) >= returnDelayMs(times, nowMs);
  }
}

function isEvicted(status: PodStatus | undefined): boolean {
  return status?.phase === "Failed" && status.reason === "Evicted";
}
