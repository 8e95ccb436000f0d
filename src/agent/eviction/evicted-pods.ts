/**
 * Brings evicted standalone pods back once the pressure is over. Differs: in a cluster a controller makes a new pod
 * somewhere; on a node that stands alone there is nobody else to do it.
 */
import type { Pod } from "../../core/api/types.ts";
import { returnDelayMs } from "../../core/eviction/return-delay.ts";
import { isStandalonePod } from "../../core/pod/standalone-pod.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { PodAdmission } from "../admission/pod-admission.ts";
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
  readonly pods: Pick<PodManager, "pods">;
  readonly workers: PodWorkers;
  readonly statuses: Pick<StatusManager, "get">;
  readonly records: EvictionRecords;
  readonly eviction: Pick<EvictionManager, "conditions" | "lastRound">;
  readonly evictor: Pick<VictimEvictor, "finishInterrupted">;
  readonly admission: Pick<PodAdmission, "tryReturn">;
}

const LOOK_MS = 1_000;

export class EvictedPods {
  readonly #ports: EvictedPodsPorts;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: EvictedPodsPorts) {
    this.#ports = ports;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (await this.#ports.clock.sleep(LOOK_MS, signal)) this.look();
  }

  /** Starts again what may. */
  look(): void {
    const { eviction, evictor, pods, admission, events, log } = this.#ports;
    // An agent that has not looked yet does not know of any pressure.
    if (eviction.lastRound === undefined) return;
    evictor.finishInterrupted();
    for (const { pod } of pods.pods()) {
      if (!this.#mayReturn(pod) || !admission.tryReturn(pod)) continue;
      log.info("an evicted pod comes back", { pod: pod.metadata?.name, namespace: pod.metadata?.namespace });
      events.pod(pod, "Normal", "Returning", "The pressure that it was evicted for is over, starting it again");
    }
  }

  #mayReturn(pod: Pod): boolean {
    const { clock, eviction, records, statuses, workers } = this.#ports;
    const uid = pod.metadata?.uid ?? "";
    const status = statuses.get(uid);
    if (!isStandalonePod(pod) || status?.phase !== "Failed" || status.reason !== "Evicted") return false;
    // Also where admission would let it in: it would be the next to go.
    if (workers.state.workers[uid]?.phase !== "finished" || eviction.conditions.length > 0) return false;
    const evictions = records.list().filter(({ victim, dryRun }) => victim.uid === uid && !dryRun);
    // One that is not closed would be finished again, on the pod that has come back.
    if (evictions.some(({ goneAtMs }) => goneAtMs === undefined)) return false;
    const nowMs = clock.now();
    // After a jump back of the clock an eviction seems to be still to come: it must not keep the pod away until then.
    const times = evictions.map(({ atMs, goneAtMs }) => goneAtMs ?? atMs).filter((atMs) => atMs <= nowMs);
    return nowMs - Math.max(0, ...times) >= returnDelayMs(times, nowMs);
  }
}
