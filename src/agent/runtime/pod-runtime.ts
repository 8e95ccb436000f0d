/**
 * Brings the runtime to what a pod asks for, one step a call: sandbox, then init containers, then containers.
 * What to do is decided in core (computePodActions); this applies it. Source of the order and the events: kubelet
 * kuberuntime_manager.go SyncPod.
 */
import type { Container, Pod } from "../../core/api/types.ts";
import { type BackoffConfig, type BackoffState, EMPTY_BACKOFF } from "../../core/backoff/backoff.ts";
import { podBackoff } from "../../core/backoff/pod-backoff.ts";
import { restartBackoff } from "../../core/backoff/restart-backoff.ts";
import type { PodSandboxConfig } from "../../core/cri/types.ts";
import { computePodActions, type PodActions } from "../../core/pod/actions.ts";
import { newestContainerStatus } from "../../core/pod/actions-restart.ts";
import { containerHash } from "../../core/pod/hash.ts";
import { isSidecar } from "../../core/pod/restart-policy.ts";
import type { ProbeResult, RuntimeContainerStatus, RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { StartError } from "../../core/pod/status-containers.ts";
import type { MountedVolume } from "../../core/volume/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { ContainerRemover } from "../containers/container-remover.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { StartTurns } from "../turns/start-turns.ts";
import { containerField } from "./container-field.ts";
import type { ContainerStarter } from "./container-starter.ts";
import { finishCall } from "./finish-call.ts";
import type { PodKiller } from "./pod-killer.ts";
import type { SandboxConfigs, WantedSandbox } from "./sandbox-configs.ts";

export interface PodRuntimePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly events: EventRecorder;
  readonly killer: PodKiller;
  readonly remover: Pick<ContainerRemover, "remove">;
  readonly starter: ContainerStarter;
  readonly sandboxes: SandboxConfigs;
  readonly turns: StartTurns;
  readonly probes: {
    /** Last results by container id. */
    readonly liveness: ReadonlyMap<string, ProbeResult>;
    readonly startup: ReadonlyMap<string, ProbeResult>;
  };
}

export interface PodRuntimeOptions {
  readonly crashBackoff: BackoffConfig;
}

/** What the machine has ready for the pod. */
export interface PreparedPod {
  /** Hears the addresses of a new sandbox: long before its containers run, where images must be pulled first. */
  readonly onAddresses?: (ips: readonly string[]) => void;
  /** By name. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
}

export interface SyncOutcome {
  /** Why containers did not start, by name. */
  readonly startErrors: ReadonlyMap<string, StartError>;
  /** Something was created, started or killed. */
  readonly acted: boolean;
  readonly retryInMs?: number;
}

interface SyncRun {
  readonly pod: Pod;
  readonly observed: RuntimePodStatus;
  readonly prepared: PreparedPod;
  readonly signal: AbortSignal;
  readonly startErrors: Map<string, StartError>;
  readonly retries: number[];
}

interface Sandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly podIps: readonly string[];
}

/** A start that failed for another reason than crashing is tried again after this (kubelet backOffPeriod). */
const FAILED_START_RETRY_MS = 10_000;
const SANDBOX_RETRY_MS = 2_000;
/** A start that failed, and of which container the spec was. */
interface FailedStart {
  readonly hash: string;
  readonly atMonotonic: number;
  readonly error: StartError;
}

/** Ends of containers that are remembered; far more than crash at one time. */
const MAX_EXITS = 4_096;

export class PodRuntime {
  readonly #ports: PodRuntimePorts;
  readonly #options: PodRuntimeOptions;
  readonly #backoffs = new Map<string, BackoffState>();
  /** By pod UID and container name. */
  readonly #failedStarts = new Map<string, Map<string, FailedStart>>();
  /** Monotonic time at which the end of an instance was first seen, by container id, oldest first. */
  readonly #exitSeenAt = new Map<string, number>();

  constructor(ports: PodRuntimePorts, options: PodRuntimeOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async sync(pod: Pod, observed: RuntimePodStatus, prepared: PreparedPod, signal: AbortSignal): Promise<SyncOutcome> {
    const run: SyncRun = { pod, observed, prepared, signal, startErrors: new Map(), retries: [] };
    const actions = computePodActions({
      pod,
      podStatus: observed,
      liveness: this.#ports.probes.liveness,
      startup: this.#ports.probes.startup,
      hashOf: containerHash,
    });
    const acted = await this.#apply(run, actions);
    const retryInMs = run.retries.length === 0 ? {} : { retryInMs: Math.min(...run.retries) };
    return { startErrors: run.startErrors, acted, ...retryInMs };
  }

  /** The pod is gone for good. */
  forget(uid: string): void {
    this.#backoffs.delete(uid);
    this.#failedStarts.delete(uid);
    this.#ports.sandboxes.forget(uid);
  }

  async #apply(run: SyncRun, actions: PodActions): Promise<boolean> {
    const killed = await this.#kill(run, actions);
    run.signal.throwIfAborted();
    if (actions.killPod && !actions.createSandbox) return killed;
    await this.#removeInitContainers(actions.initContainersToRemove);
    const starts = startsOf(actions);
    // Leaving a back-off makes the next one longer, so it is asked for only once there is a sandbox to start in.
    const due = () => starts.filter(({ container }) => !this.#inBackoff(run, container));
    const inOldSandbox = actions.createSandbox ? undefined : due();
    if (inOldSandbox?.length === 0) return killed || actions.initContainersToRemove.length > 0;
    const sandbox = await this.#sandbox(run, actions);
    if (sandbox === undefined) return true;
    for (const { container } of inOldSandbox ?? due()) {
      run.signal.throwIfAborted();
      const failed = await this.#start(run, sandbox, container);
      if (failed && holdsUpOthers(run.pod, container)) break;
    }
    return true;
  }

  async #kill(run: SyncRun, actions: PodActions): Promise<boolean> {
    const { events, killer } = this.#ports;
    const { pod, observed, signal } = run;
    if (actions.killPod) {
      if (actions.createSandbox && actions.sandboxId !== "") {
        events.pod(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      }
      const any = observed.sandboxStatuses.length > 0 || observed.containerStatuses.length > 0;
      if (any) await killer.killPod(pod, observed, undefined, signal);
      return any;
    }
    const kills = actions.containersToKill.map(({ id, name, message, reason }) =>
      killer.killContainer(
        pod,
        { containerId: id, containerName: name, message, reason, podIps: observed.ips },
        undefined,
        signal,
      ),
    );
    // All of them end before the sync does, or the next one would run beside what is left of this one.
    const failed = (await Promise.allSettled(kills)).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return kills.length > 0;
  }

  /** Dead init containers of before: left there, they would make initialization look done. */
  async #removeInitContainers(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#ports.remover.remove(id);
  }

  async #sandbox(run: SyncRun, actions: PodActions): Promise<Sandbox | undefined> {
    const { events, runtime } = this.#ports;
    const { pod } = run;
    const wanted = await this.#ports.sandboxes.configFor(pod, actions.attempt, { exists: !actions.createSandbox });
    if ("error" in wanted) {
      events.pod(pod, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${wanted.error}`);
      run.retries.push(FAILED_START_RETRY_MS);
      return undefined;
    }
    const { config } = wanted;
    if (!actions.createSandbox) return { id: actions.sandboxId, config, podIps: run.observed.ips };
    try {
      const id = await this.#runSandbox(run, wanted);
      const status = await runtime.podSandboxStatus(id);
      const { ip = "", additionalIps = [] } = status?.network ?? {};
      const onHost = pod.spec?.hostNetwork === true;
      const podIps = ip === "" || onHost ? [] : [ip, ...additionalIps];
      if (podIps.length > 0) run.prepared.onAddresses?.(podIps);
      return { id, config, podIps };
    } catch (error) {
      run.signal.throwIfAborted();
      events.pod(pod, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${errorMessage(error)}`);
      run.retries.push(SANDBOX_RETRY_MS);
      return undefined;
    }
  }

  #runSandbox({ pod, signal }: SyncRun, { config, handler }: WantedSandbox): Promise<string> {
    const { clock, runtime, turns } = this.#ports;
    const make = () =>
      finishCall(clock, signal, (patient) => runtime.runPodSandbox(config, handler, { signal: patient }));
    return turns.sandbox(pod, make, signal);
  }

  /** Whether the container waits after a crash; says so in its status and once in an event. */
  #inBackoff(run: SyncRun, container: Container): boolean {
    if (this.#hasJustFailed(run, container)) return true;
    const { events } = this.#ports;
    const { pod, observed } = run;
    const uid = pod.metadata?.uid ?? "";
    const nowMs = this.#backoffNow(newestContainerStatus(observed, container.name));
    const decision = restartBackoff(this.#backoffs.get(uid) ?? EMPTY_BACKOFF, {
      config: this.#backoffOf(pod),
      pod,
      containerName: container.name,
      containerHash: containerHash(container),
      podStatus: observed,
      nowMs,
    });
    this.#backoffs.set(uid, decision.state);
    if (decision.kind === "start") return false;
    const { reason, message, eventMessage, untilMs } = decision;
    run.startErrors.set(container.name, { reason, message });
    run.retries.push(Math.max(1, untilMs - nowMs));
    events.pod(pod, "Warning", "BackOff", eventMessage, containerField(pod, container.name));
    return true;
  }

  /** The node's curve, or what the pod asks for. */
  #backoffOf(pod: Pod): BackoffConfig {
    const { config, problems } = podBackoff(this.#options.crashBackoff, pod.metadata);
    for (const { annotation, value, message } of problems) {
      const text = `annotation ${annotation} is not used: ${JSON.stringify(value)} ${message}`;
      this.#ports.events.pod(pod, "Warning", "InvalidBackOff", text);
    }
    return config;
  }

  /**
   * An instance that was made and could not be started has no end to count a back-off from, and its making is a change
   * that wakes the pod up: without a pause of its own it would be made again and again.
   */
  #hasJustFailed({ pod, observed, startErrors, retries }: SyncRun, container: Container): boolean {
    const failed = this.#failedStarts.get(pod.metadata?.uid ?? "")?.get(container.name);
    if (failed === undefined || failed.hash !== containerHash(container)) return false;
    if (newestContainerStatus(observed, container.name)?.state !== "CONTAINER_CREATED") return false;
    const waitMs = failed.atMonotonic + FAILED_START_RETRY_MS - this.#ports.clock.monotonic();
    if (waitMs <= 0) return false;
    startErrors.set(container.name, failed.error);
    retries.push(waitMs);
    return true;
  }

  /** The wall clock, but a jump back does not stretch a back-off: time since the end was seen always counts. */
  #backoffNow(exited: RuntimeContainerStatus | undefined): number {
    const { clock } = this.#ports;
    if (exited?.state !== "CONTAINER_EXITED") return clock.now();
    const seenAt = this.#exitSeenAt.get(exited.id) ?? clock.monotonic();
    this.#exitSeenAt.set(exited.id, seenAt);
    const [oldest] = this.#exitSeenAt.keys();
    if (this.#exitSeenAt.size > MAX_EXITS && oldest !== undefined) this.#exitSeenAt.delete(oldest);
    return Math.max(clock.now(), exited.finishedAtMs + (clock.monotonic() - seenAt));
  }

  async #start(run: SyncRun, sandbox: Sandbox, container: Container): Promise<boolean> {
    const { pod, observed, prepared, signal } = run;
    const failure = await this.#ports.starter.start(
      { pod, container, observed, volumes: prepared.volumes, podIps: sandbox.podIps },
      { id: sandbox.id, config: sandbox.config },
      signal,
    );
    this.#rememberStart(pod, container, failure);
    if (failure === undefined) return false;
    run.startErrors.set(container.name, failure);
    run.retries.push(failure.retryInMs ?? FAILED_START_RETRY_MS);
    return true;
  }

  #rememberStart({ metadata }: Pod, container: Container, error: StartError | undefined): void {
    const uid = metadata?.uid ?? "";
    const failed = this.#failedStarts.get(uid) ?? new Map<string, FailedStart>();
    if (error === undefined) failed.delete(container.name);
    else {
      const atMonotonic = this.#ports.clock.monotonic();
      failed.set(container.name, { hash: containerHash(container), atMonotonic, error });
    }
    if (failed.size === 0) this.#failedStarts.delete(uid);
    else this.#failedStarts.set(uid, failed);
  }
}

interface Start {
  readonly container: Container;
}

/** Ephemeral containers first, then init containers, then the containers: the order of the kubelet. */
function startsOf(actions: PodActions): readonly Start[] {
  return [
    ...actions.ephemeralContainersToStart.map((container) => ({ container: container as Container })),
    ...actions.initContainersToStart.map((container) => ({ container })),
    ...actions.containersToStart.map((container) => ({ container })),
  ];
}

/** Nothing after it may start before it has. */
function holdsUpOthers(pod: Pod, container: Container): boolean {
  return !isSidecar(container) && pod.spec?.initContainers?.some(({ name }) => name === container.name) === true;
}
