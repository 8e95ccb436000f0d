/**
 * One probe of one container: looks when it is due, hands results on, and sleeps in between. The rules are core's
 * (probe/worker). Source of the rhythm: kubelet prober/worker.go run.
 */
import type { Container, Pod, PodStatus, Probe } from "../../core/api/types.ts";
import { canRestart } from "../../core/pod/restart-policy.ts";
import type { ProbeResult } from "../../core/pod/runtime-status.ts";
import {
  beginProbe,
  concludeProbe,
  MAX_PROBE_EXECUTIONS,
  NEW_PROBE_WORKER,
  type ProbeAction,
  type ProbedContainer,
  type ProbeOutcome,
  type ProbeRecord,
  type ProbeType,
  type ProbeWorkerConfig,
  type ProbeWorkerState,
  probeAction,
  probedContainer,
} from "../../core/probe/index.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { containerField } from "../runtime/container-field.ts";

export interface ProbeWorkerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  /** The pod's status now; `undefined`: it has none. */
  readonly status: () => PodStatus | undefined;
  /** Result on record of an instance. */
  readonly known: (probeType: ProbeType, containerId: string) => ProbeResult | undefined;
  readonly record: (probeType: ProbeType, records: readonly ProbeRecord[]) => void;
  readonly execute: (action: ProbeAction, containerId: string, signal: AbortSignal) => Promise<ProbeOutcome>;
}

export interface ProbeOfContainer {
  readonly pod: Pod;
  readonly container: Container;
  readonly probeType: ProbeType;
  readonly probe: Probe;
}

/** Probes meet at multiples of this: waking up once for twenty costs less than twenty times for one. */
const SLOT_MS = 100;

function slotOf(dueMs: number): number {
  return Math.round(dueMs / SLOT_MS) * SLOT_MS;
}

export class ProbeWorker {
  readonly #ports: ProbeWorkerPorts;
  readonly #target: ProbeOfContainer;
  readonly #config: ProbeWorkerConfig;
  readonly #periodMs: number;
  readonly #abort = new AbortController();
  #state: ProbeWorkerState = NEW_PROBE_WORKER;
  /** What decides whether to probe, as the last status had it: another one is a reason to look at once. */
  #seen: string;
  /** When the instance was first seen running, by the monotonic clock. */
  #runningSince: { readonly id: string; readonly atMonotonic: number } | undefined;
  #cancelTimer: Cancel = () => {};
  #probing: Promise<void> | undefined;
  #dueAgain = false;

  constructor(ports: ProbeWorkerPorts, target: ProbeOfContainer) {
    const { pod, container, probe, probeType } = target;
    this.#ports = ports;
    this.#target = target;
    this.#periodMs = Math.max(1, probe.periodSeconds ?? 10) * 1000;
    this.#config = {
      probeType,
      initialDelaySeconds: probe.initialDelaySeconds ?? 0,
      successThreshold: probe.successThreshold ?? 1,
      failureThreshold: probe.failureThreshold ?? 3,
      comesBack: canRestart(container, pod.spec ?? {}),
    };
    this.#seen = this.#gist(ports.status());
  }

  get probeType(): ProbeType {
    return this.#target.probeType;
  }

  get periodMs(): number {
    return this.#periodMs;
  }

  /** Instance that it has a result for; "": none. */
  get containerId(): string {
    return this.#state.containerId;
  }

  start(delayMs: number): void {
    this.#schedule(delayMs);
  }

  /** The pod's status is another one. */
  onStatus(status: PodStatus): void {
    const gist = this.#gist(status);
    if (gist === this.#seen) return;
    this.#seen = gist;
    this.#turn();
  }

  /** No turn begins any more, and nothing is told of one under way. Results stay. */
  stop(): void {
    this.#cancelTimer();
    this.#abort.abort();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#probing;
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#abort.signal.aborted) return;
    this.#cancelTimer = this.#ports.clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    if (this.#abort.signal.aborted) return;
    if (this.#probing !== undefined) {
      this.#dueAgain = true;
      return;
    }
    const { clock, record, status } = this.#ports;
    const podStatus = status();
    const container = podStatus && probedContainer(podStatus, this.#target.container.name);
    const { state, plan, records, waitMs } = beginProbe(this.#config, this.#state, {
      nowMs: this.#now(container),
      podDeleted: this.#target.pod.metadata?.deletionTimestamp !== undefined,
      ...(podStatus !== undefined && {
        pod: { phase: podStatus.phase, ...(container !== undefined && { container }) },
      }),
      ...this.#known(container),
    });
    this.#state = state;
    const startedAt = clock.monotonic();
    if (records.length > 0) record(this.probeType, records);
    this.#cancelTimer();
    if (plan === "wait") this.#schedule(Math.min(this.#periodMs, waitMs ?? this.#periodMs));
    if (plan !== "probe") return;
    this.#probing = this.#probe(podStatus?.podIP ?? "").finally(() => {
      this.#probing = undefined;
      const nextMs = this.#dueAgain ? 0 : slotOf(startedAt + this.#periodMs) - clock.monotonic();
      this.#dueAgain = false;
      this.#schedule(Math.max(0, nextMs));
    });
  }

  #known(container: ProbedContainer | undefined): { readonly known?: ProbeResult } {
    const known = container && this.#ports.known(this.probeType, container.id);
    return known === undefined ? {} : { known };
  }

  /** The wall clock, but one that is set back does not hold up a probe. */
  #now(container: ProbedContainer | undefined): number {
    const { clock } = this.#ports;
    if (container?.startedAtMs === undefined) return clock.now();
    if (this.#runningSince?.id !== container.id) {
      this.#runningSince = { id: container.id, atMonotonic: clock.monotonic() };
    }
    return Math.max(clock.now(), container.startedAtMs + clock.monotonic() - this.#runningSince.atMonotonic);
  }

  async #probe(podIp: string): Promise<void> {
    const { events, log, record } = this.#ports;
    const { pod, container } = this.#target;
    const outcome = await this.#look(podIp);
    if (this.#abort.signal.aborted) return;
    const conclusion = concludeProbe(this.#config, this.#state, outcome);
    this.#state = conclusion.state;
    const { event } = conclusion;
    log.debug("probed", { pod: pod.metadata?.name, container: container.name, probe: this.probeType, ...outcome });
    if (event !== undefined) {
      events.pod(pod, event.type, event.reason, event.message, containerField(pod, container.name));
    }
    if (conclusion.records.length > 0) record(this.probeType, conclusion.records);
  }

  async #look(podIp: string): Promise<ProbeOutcome> {
    const { probe, container } = this.#target;
    const action = probeAction(probe, container, podIp);
    if ("error" in action) return action;
    // Differs: the kubelet asks itself where a pod has no address yet.
    if (action.kind !== "exec" && action.host === "") return { error: "the pod has no IP address" };
    let outcome: ProbeOutcome = { error: "" };
    for (let execution = 0; execution < MAX_PROBE_EXECUTIONS; execution += 1) {
      outcome = await this.#execute(action);
      if (!("error" in outcome) || this.#abort.signal.aborted) break;
    }
    return outcome;
  }

  async #execute(action: ProbeAction): Promise<ProbeOutcome> {
    try {
      return await this.#ports.execute(action, this.#state.containerId, this.#abort.signal);
    } catch (error) {
      return { error: errorMessage(error) };
    }
  }

  #gist(status: PodStatus | undefined): string {
    const container = status && probedContainer(status, this.#target.container.name);
    return JSON.stringify([status?.phase, container?.id, container?.startedAtMs, container?.started]);
  }
}
