/**
 * The three things a pod worker does with its pod: sync it, end it, clean up after it. Stateless between calls but for
 * what the last start of each container failed with.
 * Source of the order: kubelet kubelet.go SyncPod, SyncTerminatingPod, SyncTerminatedPod.
 */
import type { Pod, PodStatus } from "../../core/api/types.ts";
import { containerIdOfLogLink, podLogDirectory, podLogDirectoryName } from "../../core/logs/log-paths.ts";
import { activeDeadline } from "../../core/pod/deadline.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import { qosClass } from "../../core/pod/qos.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { generatePodStatus, type PodStatusInput } from "../../core/pod/status.ts";
import type { StartError } from "../../core/pod/status-containers.ts";
import { withHostIps } from "../../core/pod/status-ips.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { RuntimeHealth } from "../node/runtime-health.ts";
import type { Pleg } from "../pleg/pleg.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import type { PodCgroups } from "../resources/pod-cgroups.ts";
import type { PodKiller } from "../runtime/pod-killer.ts";
import type { PodRuntime, PreparedPod } from "../runtime/pod-runtime.ts";
import type { StatusManager } from "../status/status-manager.ts";
import type { VolumeManager } from "../volumes/volume-manager.ts";

export interface PodSyncerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: PodFiles;
  readonly logFiles: LogFiles;
  readonly events: EventRecorder;
  readonly health: RuntimeHealth;
  readonly pleg: Pleg;
  readonly statuses: StatusManager;
  readonly volumes: Pick<VolumeManager, "mount" | "freeze" | "unmount">;
  readonly cgroups: PodCgroups;
  readonly runtime: PodRuntime;
  readonly killer: PodKiller;
  readonly probes: Pick<ProbeManager, "add" | "stopLivenessAndStartup" | "remove" | "results">;
}

export interface PodSyncerOptions {
  readonly logRoot: string;
  /** The node's addresses, primary first; empty: not known. */
  readonly hostIps: readonly string[];
}

export interface SyncResult {
  /** The pod has ended by itself or was ended: nothing is to be started any more. */
  readonly terminal: boolean;
  /** It was evicted, by an agent before this one. */
  readonly evicted?: boolean;
  /** Wake up again after this long, even if nothing happens. */
  readonly retryInMs?: number;
  /** The pod must be killed with this status (deadline). */
  readonly evict?: PodStatusInput["evict"];
}

/** What the runtime may take for a kill, however short the grace. */
const LEAST_KILL_MS = 10_000;

/** Waiting for something that is missing: a volume's object, the network, the runtime. */
const RETRY_MS = 2_000;

export class PodSyncer {
  readonly #ports: PodSyncerPorts;
  readonly #options: PodSyncerOptions;
  readonly #startErrors = new Map<string, ReadonlyMap<string, StartError>>();
  /** Monotonic end of the last action on a pod: an observation must be newer to be acted on. */
  readonly #actedAt = new Map<string, number>();

  constructor(ports: PodSyncerPorts, options: PodSyncerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async sync(pod: Pod, signal: AbortSignal): Promise<SyncResult> {
    const { clock, health, runtime } = this.#ports;
    const uid = uidOf(pod);
    if (!health.runtimeUp) return { terminal: false, retryInMs: RETRY_MS };
    // Before the status is made: it takes over from an earlier agent who was ready.
    this.#ports.probes.add(pod);
    const observed = await this.#observe(pod);
    const status = this.#setStatus(pod, observed);
    if (isTerminalPhase(status.phase)) return { terminal: true, evicted: status.reason === "Evicted" };
    const deadline = activeDeadline(pod, status, clock.now());
    if (deadline?.exceeded !== undefined) return this.#deadlineExceeded(pod, deadline.exceeded);

    if (health.networkProblem !== undefined && pod.spec?.hostNetwork !== true) {
      this.#warn(pod, "NetworkNotReady", `network is not ready: ${health.networkProblem}`);
      return { terminal: false, retryInMs: RETRY_MS };
    }
    if (!observed.sandboxStatuses.some(({ state }) => state === "SANDBOX_READY") && (await this.#namesakeMayRun(pod))) {
      return { terminal: false, retryInMs: RETRY_MS };
    }
    const prepared = await this.#prepare(pod, signal);
    if ("retryInMs" in prepared) return { terminal: false, retryInMs: prepared.retryInMs };
    const onAddresses = (ips: readonly string[]) => void this.#setStatus(pod, { ...observed, ips });
    const outcome = await runtime.sync(pod, observed, { ...prepared, onAddresses }, signal).catch((error: unknown) => {
      this.#acted(uid);
      throw error;
    });
    if (outcome.acted) this.#acted(uid);
    this.#startErrors.set(uid, outcome.startErrors);
    // The status shows at once what was just done; nobody waits for an event of our own making.
    const after = outcome.acted ? await this.#observe(pod) : observed;
    const final = this.#setStatus(pod, after);
    return {
      terminal: isTerminalPhase(final.phase),
      ...minRetry(outcome.retryInMs, deadline?.remainingMs),
    };
  }

  /** Stops everything of the pod. `graceSeconds` undefined: the pod's own. Rejects when something may still run. */
  async terminate(
    uid: string,
    pod: Pod | undefined,
    graceSeconds: number | undefined,
    evict: SyncResult["evict"],
    signal: AbortSignal,
  ): Promise<void> {
    const { pleg, clock, killer, probes, volumes } = this.#ports;
    probes.stopLivenessAndStartup(uid);
    volumes.freeze(uid);
    const status = await pleg.observe(uid, clock.monotonic());
    if (pod !== undefined && evict !== undefined) this.#setStatus(pod, status ?? emptyStatus(pod), evict);
    if (status !== undefined) {
      const cancel = this.#tellWhenLate(pod, graceSeconds);
      await killer.killPod(pod, status, graceSeconds, signal).finally(() => {
        cancel();
        this.#acted(uid);
      });
    }
    await pleg.observe(uid, clock.monotonic());
    const after = await pleg.confirmed(uid);
    const running = after?.containerStatuses.filter(({ state }) => state === "CONTAINER_RUNNING") ?? [];
    if (running.length > 0)
      throw new Error(`containers still run after the kill: ${running.map(({ name }) => name).join(", ")}`);
    probes.remove(uid);
    if (pod !== undefined) this.#setStatus(pod, after ?? emptyStatus(pod), evict);
  }

  /** Takes away what an ended pod leaves on the machine, but not its containers and logs. */
  async cleanUp(uid: string, pod: Pod | undefined): Promise<void> {
    const { files, cgroups, volumes } = this.#ports;
    this.#startErrors.delete(uid);
    this.#ports.probes.remove(uid);
    // Source of the order: kubelet.go SyncTerminatedPod.
    await volumes.unmount(uid);
    await cgroups.removePod(uid);
    if (!(await files.removePod(uid)))
      throw new Error(`something is still mounted in the directory of pod ${pod?.metadata?.name ?? uid}`);
  }

  /** The pod is wanted no more: its containers, sandboxes, logs and its status go, too. `pod` holds at least its name. */
  async forget(uid: string, pod: Pod): Promise<void> {
    const { pleg, clock, killer, statuses, runtime } = this.#ports;
    const status = await pleg.observe(uid, clock.monotonic());
    if (status !== undefined) {
      await killer.removePod(status);
      const after = await pleg.observe(uid, clock.monotonic());
      if (after !== undefined) throw new Error("the runtime still has containers or sandboxes of the pod");
    }
    await this.#removeLogs(uid, pod, new Set(status?.containerStatuses.map(({ id }) => id)));
    statuses.forget(uid);
    runtime.forget(uid);
    this.#actedAt.delete(uid);
  }

  async #removeLogs(uid: string, pod: Pod, containerIds: ReadonlySet<string>): Promise<void> {
    const { logFiles } = this.#ports;
    const { name = "", namespace = "default" } = pod.metadata ?? {};
    await logFiles.removePodDirectory(podLogDirectoryName({ name, namespace, uid }));
    if (containerIds.size === 0) return;
    // By its name also links of instances that went earlier, by whose hand ever.
    const ownPrefix = `${name}_${namespace}_`;
    await logFiles.removeDanglingLinks(
      (link) => !link.startsWith(ownPrefix) && !containerIds.has(containerIdOfLogLink(link) ?? ""),
    );
  }

  /** Source: kubelet pod_workers.go killPodNow, which tells it of pods that it evicts. Differs: here of all. */
  #tellWhenLate(pod: Pod | undefined, graceSeconds: number | undefined): Cancel {
    const grace = graceSeconds ?? pod?.spec?.terminationGracePeriodSeconds;
    if (pod === undefined || grace === undefined) return () => {};
    const text = "Container runtime did not kill the pod within specified grace period.";
    return this.#ports.clock.after(Math.max(grace * 1_500, LEAST_KILL_MS), () =>
      this.#warn(pod, "ExceededGracePeriod", text),
    );
  }

  #deadlineExceeded(pod: Pod, evict: NonNullable<SyncResult["evict"]>): SyncResult {
    this.#ports.events.pod(pod, "Normal", evict.reason, evict.message);
    return { terminal: true, evict };
  }

  async #observe(pod: Pod): Promise<RuntimePodStatus> {
    const { pleg } = this.#ports;
    const uid = uidOf(pod);
    const status = await pleg.observe(uid, this.#actedAt.get(uid) ?? -Infinity);
    // What is restarted anyway need not wait for the runtime to say why it ended; an end that stays must be told right.
    const lasting = pod.spec?.restartPolicy !== "Always";
    return (lasting ? await pleg.explained(uid) : status) ?? emptyStatus(pod);
  }

  /**
   * An older pod of that name may still run, left by an agent that did not see its end: no worker has it yet, so this is
   * where the new one waits. Housekeeping ends it.
   */
  async #namesakeMayRun(pod: Pod): Promise<boolean> {
    const { pleg } = this.#ports;
    const { name = "", namespace = "default" } = pod.metadata ?? {};
    if (pleg.relistedAtMonotonic === undefined) await pleg.relist();
    const statuses = await Promise.all(
      pleg.namesakes(uidOf(pod), name, namespace).map((uid) => pleg.observe(uid, -Infinity)),
    );
    return statuses.some(
      (status) =>
        status?.containerStatuses.some(({ state }) => state !== "CONTAINER_EXITED") === true ||
        status?.sandboxStatuses.some(({ state }) => state === "SANDBOX_READY") === true,
    );
  }

  #acted(uid: string): void {
    this.#actedAt.set(uid, this.#ports.clock.monotonic());
  }

  #setStatus(pod: Pod, podStatus: RuntimePodStatus, cause?: SyncResult["evict"]): PodStatus {
    const { statuses, health, probes } = this.#ports;
    const uid = uidOf(pod);
    const previous = statuses.get(uid);
    // A pod that had come to its end, and is only made to go faster, keeps the reason of that end.
    const hasEnded = isTerminalPhase(previous?.phase) && previous?.reason !== cause?.reason;
    const evict = hasEnded ? undefined : cause;
    if (previous !== undefined && evict === undefined && wasRefused(previous, podStatus)) return previous;
    const input: PodStatusInput = {
      pod,
      qosClass: qosClass(pod),
      podStatus,
      startErrors: this.#startErrors.get(uid) ?? new Map(),
      probes: probes.results,
      runtimeName: health.version?.runtimeName ?? "containerd",
      hostIps: this.#options.hostIps,
      ...(previous !== undefined && { previous }),
      ...(evict !== undefined && { evict }),
    };
    return statuses.set(uid, withHostIps(generatePodStatus(input), input.hostIps));
  }

  /** Cgroup, directories and volumes; with `retryInMs` something is missing, told by an event. */
  async #prepare(pod: Pod, signal: AbortSignal): Promise<PreparedPod | { readonly retryInMs: number }> {
    const { files, cgroups, volumes } = this.#ports;
    const { name = "", namespace = "default" } = pod.metadata ?? {};
    try {
      await cgroups.ensurePod(pod);
    } catch (error) {
      this.#warn(pod, "FailedCreatePodContainer", `unable to ensure pod container exists: ${errorMessage(error)}`);
      return { retryInMs: RETRY_MS };
    }
    const uid = uidOf(pod);
    try {
      await files.preparePod(uid, podLogDirectory({ namespace, name, uid }, this.#options.logRoot));
    } catch (error) {
      this.#warn(pod, "FailedToMakePodDataDirectories", `error making pod data directories: ${errorMessage(error)}`);
      return { retryInMs: RETRY_MS };
    }
    const mounted = await volumes.mount(pod, signal);
    signal.throwIfAborted();
    return mounted;
  }

  #warn(pod: Pod, reason: string, message: string): void {
    this.#ports.events.pod(pod, "Warning", reason, message);
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? "";
}

/** The pod never had a container, and never will: its status tells why, and nothing else. */
function wasRefused({ phase, containerStatuses }: PodStatus, observed: RuntimePodStatus): boolean {
  return isTerminalPhase(phase) && containerStatuses === undefined && observed.containerStatuses.length === 0;
}

function emptyStatus(pod: Pod): RuntimePodStatus {
  const { name = "", namespace = "default" } = pod.metadata ?? {};
  return { uid: uidOf(pod), name, namespace, ips: [], sandboxStatuses: [], containerStatuses: [] };
}

function minRetry(...delays: readonly (number | undefined)[]): { readonly retryInMs?: number } {
  const known = delays.filter((delay) => delay !== undefined);
  return known.length === 0 ? {} : { retryInMs: Math.min(...known) };
}
