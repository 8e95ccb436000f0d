/**
 * Probes of all pods: a worker for each probe of each container. Results go to statuses and restarts, and a pod whose
 * result turns is looked at once. Source: kubelet prober/prober_manager.go.
 */
import { goQuote } from "../../core/api/go-quote.ts";
import type { Container, Pod, PodStatus, Probe } from "../../core/api/types.ts";
import { isSidecar } from "../../core/pod/restart-policy.ts";
import { rawContainerId } from "../../core/pod/status-probes.ts";
import type { ProbeAction, ProbeOutcome, ProbeType } from "../../core/probe/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { Prober } from "../../ports/prober.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { StatusManager } from "../status/status-manager.ts";
import { Turns } from "../turns/turns.ts";
import { ProbeResultStore } from "./probe-results.ts";
import { ProbeWorker, type ProbeWorkerPorts } from "./probe-worker.ts";

export interface ProbeManagerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly statuses: StatusManager;
  readonly runtime: Pick<RuntimeService, "execSync">;
  readonly prober: Prober;
}

export interface ProbeManagerOptions {
  /** A result of the pod's turned. */
  readonly onResult: (podUid: string) => void;
}

interface PodProbes {
  workers: readonly ProbeWorker[];
  /** Containers whose results an earlier agent left. */
  readonly seeded: readonly string[];
}

/** Starting a command costs far more than it asks for. Differs: the kubelet starts all that are due at once. */
const EXEC_TURNS = { atATime: 8, holdMs: 1_000 };
/** Of a command's output, as the kubelet reads. */
const MAX_OUTPUT_BYTES = 10 * 1024;

export class ProbeManager {
  readonly results = new ProbeResultStore();
  readonly #ports: ProbeManagerPorts;
  readonly #options: ProbeManagerOptions;
  readonly #execTurns: Turns;
  readonly #startedAt: number;
  readonly #pods = new Map<string, PodProbes>();
  #stopped = false;

  constructor(ports: ProbeManagerPorts, options: ProbeManagerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#execTurns = new Turns(ports.clock, EXEC_TURNS);
    this.#startedAt = ports.clock.monotonic();
    ports.statuses.subscribe((uid, status) => {
      for (const worker of this.#pods.get(uid)?.workers ?? []) worker.onStatus(status);
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#halt(), { once: true });
  }

  async stop(): Promise<void> {
    this.#halt();
    const workers = [...this.#pods.values()].flatMap((pod) => pod.workers);
    await Promise.all(workers.map((worker) => worker.idle()));
  }

  /** The pod is to run: probes it from now on. A pod that is probed already stays as it is. */
  add(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    if (this.#stopped || this.#pods.has(uid)) return;
    const { containers = [], initContainers = [] } = pod.spec ?? {};
    const probes = [...initContainers.filter(isSidecar), ...containers].flatMap((container) =>
      probesOf(container).map(([probeType, probe]) => ({ container, probeType, probe })),
    );
    if (probes.length === 0) return;
    const seeded = this.#seed(this.#ports.statuses.get(uid));
    const workers = probes.map((each) => new ProbeWorker(this.#workerPorts(uid), { pod, ...each }));
    this.#pods.set(uid, { workers, seeded });
    for (const [index, worker] of workers.entries()) worker.start(this.#firstDelay(worker, `${uid} ${index}`));
  }

  /** The pod is being ended: nothing may restart its containers any more. Readiness goes on. */
  stopLivenessAndStartup(uid: string): void {
    for (const worker of this.#pods.get(uid)?.workers ?? []) {
      if (worker.probeType !== "readiness") worker.stop();
    }
  }

  /** The pod has ended: its probes and results go. */
  remove(uid: string): void {
    const probes = this.#pods.get(uid);
    if (probes === undefined) return;
    this.#pods.delete(uid);
    for (const worker of probes.workers) {
      worker.stop();
      this.results.forget(worker.containerId);
    }
    for (const id of probes.seeded) this.results.forget(id);
  }

  #halt(): void {
    this.#stopped = true;
    for (const { workers } of this.#pods.values()) for (const worker of workers) worker.stop();
  }

  /** Differs: the kubelet forgets with a restart who was ready, so all pods with readiness probes are not for a while. */
  #seed(status: PodStatus | undefined): readonly string[] {
    const { containerStatuses = [], initContainerStatuses = [] } = status ?? {};
    const running = [...initContainerStatuses, ...containerStatuses].filter(
      ({ state }) => state?.running !== undefined,
    );
    return running.map(({ containerID, ready, started = false }) => {
      const id = rawContainerId(containerID);
      this.results.seed(id, { ready, started });
      return id;
    });
  }

  /** After a restart of the agent all probes are new at once: each begins at a point of its own within its period. */
  #firstDelay({ periodMs }: ProbeWorker, key: string): number {
    const ageMs = this.#ports.clock.monotonic() - this.#startedAt;
    return ageMs < periodMs ? Math.floor(fraction(key) * periodMs) : 0;
  }

  #workerPorts(uid: string): ProbeWorkerPorts {
    const { clock, log, events, statuses } = this.#ports;
    return {
      clock,
      log,
      events,
      status: () => statuses.get(uid),
      known: (probeType, containerId) => this.results[probeType].get(containerId),
      record: (probeType, records) => {
        if (this.results.apply(probeType, records)) this.#options.onResult(uid);
      },
      execute: (action, containerId, signal) => this.#execute(action, containerId, signal),
    };
  }

  #execute(action: ProbeAction, containerId: string, signal: AbortSignal): Promise<ProbeOutcome> {
    if (action.kind !== "exec") return this.#ports.prober.probe(action, signal);
    const { command, timeoutMs } = action;
    return this.#execTurns.run(() => this.#exec(containerId, command, timeoutMs / 1000, signal), signal);
  }

  /** Source: kubernetes pkg/probe/exec/exec.go: a command that takes too long has failed. */
  async #exec(
    containerId: string,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    try {
      const { exitCode, stdout, stderr } = await this.#ports.runtime.execSync(containerId, command, timeoutSeconds, {
        signal,
      });
      return { result: exitCode === 0 ? "Success" : "Failure", output: outputText(stdout, stderr) };
    } catch (error) {
      const isLate = isRuntimeError(error, "DeadlineExceeded");
      if (!isLate) return { error: errorMessage(error) };
      // Source: kubelet cri/remote ExecSync; what the runtime says differs from one to the next.
      return { result: "Failure", output: `command ${goQuote(command.join(" "))} timed out` };
    }
  }
}

function probesOf(container: Container): readonly (readonly [ProbeType, Probe])[] {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const all = [
    ["startup", startupProbe],
    ["readiness", readinessProbe],
    ["liveness", livenessProbe],
  ] as const;
  return all.flatMap(([probeType, probe]) => (probe === undefined ? [] : [[probeType, probe] as const]));
}

function outputText(stdout: Uint8Array, stderr: Uint8Array): string {
  const decoder = new TextDecoder();
  const left = Math.max(0, MAX_OUTPUT_BYTES - stdout.length);
  return decoder.decode(stdout.subarray(0, MAX_OUTPUT_BYTES)) + decoder.decode(stderr.subarray(0, left));
}

/** Spreads keys over 0 to 1, the same key to the same place (FNV-1a). */
function fraction(key: string): number {
  let hash = 0x811c9dc5;
  for (const character of key) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
