/**
 * Watches for the kernel killing processes for want of memory, by its log; where that cannot be read, by the counters of
 * the pods' cgroups. Writes the events, and notes the containers whose end it explains.
 * Source: kubelet oom/oom_watcher_linux.go, which has the node's event alone.
 */
import type { Pod } from "../../core/api/types.ts";
import { KUBEPODS, podCgroupName } from "../../core/cgroup/index.ts";
import { OOM_KILLING, type OomVictim, podOomMessage, SYSTEM_OOM, systemOomMessage } from "../../core/oom/oom-event.ts";
import { NO_OOM, type OomKill, type OomMessagesState, stepOomMessages } from "../../core/oom/oom-messages.ts";
import { cgroupOwner } from "../../core/oom/oom-place.ts";
import { qosClass } from "../../core/pod/qos.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KernelLog } from "../../ports/kernel-log.ts";
import type { Log } from "../../ports/log.ts";
import type { OomCounters } from "../../ports/oom-counters.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { Pleg } from "../pleg/pleg.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import { containerField } from "../runtime/container-field.ts";
import type { OomKills } from "./oom-kills.ts";

export interface OomWatcherPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly kernelLog: KernelLog;
  readonly oomCounters: OomCounters;
  readonly events: Pick<EventRecorder, "node" | "pod">;
  readonly pleg: Pick<Pleg, "peek" | "showAgain">;
  readonly workers: Pick<PodWorkers, "activePods">;
  readonly oomKills: OomKills;
}

/** Counters are read for a pod that runs on without the process that was killed; nobody waits for that. */
const COUNTERS_EVERY_MS = 10_000;
/** Rounds of counters before the log is tried again. */
const ROUNDS = 6;

export class OomWatcher {
  readonly #ports: OomWatcherPorts;
  #messages: OomMessagesState = NO_OOM;
  /** By container id; absent before the first round, which tells nothing. */
  #counters: ReadonlyMap<string, number> | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: OomWatcherPorts) {
    this.#ports = ports;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, kernelLog, log } = this.#ports;
    let isTold = false;
    while (!signal.aborted) {
      await kernelLog.follow((record) => this.#takeMessage(record), signal);
      if (signal.aborted) return;
      if (!isTold) log.info("the kernel's log cannot be read: out-of-memory kills are counted by cgroups alone");
      isTold = true;
      for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
        await this.#readCounters();
        await clock.sleep(COUNTERS_EVERY_MS, signal);
      }
    }
  }

  #takeMessage(message: { readonly atMs: number; readonly text: string }): void {
    const { state, kill } = stepOomMessages(this.#messages, message);
    this.#messages = state;
    if (kill !== undefined) this.#takeKill(kill);
  }

  #takeKill(kill: OomKill): void {
    const { events, log, oomKills, pleg } = this.#ports;
    const { podUid, containerId } = cgroupOwner(kill.victimCgroup ?? "");
    const pod = this.#ports.workers.activePods().find(({ metadata }) => metadata?.uid === podUid);
    const container = podUid === undefined ? undefined : this.#containerName(podUid, containerId);
    const victim: OomVictim = {
      ...(pod === undefined ? {} : { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}` }),
      ...(container === undefined ? {} : { container }),
    };
    log.info("the kernel killed for want of memory", { ...kill, ...victim });
    if (podUid !== undefined && containerId !== undefined && pod !== undefined) {
      oomKills.note(containerId, kill.atMs);
      pleg.showAgain(podUid);
    }
    if (kill.scope === "system") events.node("Warning", SYSTEM_OOM, systemOomMessage(kill, victim));
    if (pod !== undefined) this.#tellPod(pod, podOomMessage(kill, victim), container);
  }

  #tellPod(pod: Pod, message: string, container: string | undefined): void {
    const field = container === undefined ? undefined : containerField(pod, container);
    this.#ports.events.pod(pod, "Warning", OOM_KILLING, message, field);
  }

  #containerName(podUid: string, containerId: string | undefined): string | undefined {
    return this.#ports.pleg.peek(podUid)?.containerStatuses.find(({ id }) => id === containerId)?.name;
  }

  async #readCounters(): Promise<void> {
    const { oomCounters, workers } = this.#ports;
    const before = this.#counters;
    const now = new Map<string, number>();
    for (const pod of workers.activePods()) {
      const uid = pod.metadata?.uid ?? "";
      const counters = await oomCounters.read(podCgroupName(KUBEPODS, qosClass(pod), uid));
      for (const [containerId, count] of counters) {
        now.set(containerId, count);
        const container = this.#containerName(uid, containerId);
        if (before === undefined || container === undefined || count <= (before.get(containerId) ?? 0)) continue;
        this.#tellPod(pod, `Out of memory: the kernel killed a process in container ${container}`, container);
      }
    }
    this.#counters = now;
  }
}
