/**
 * The sync loop: tells pod workers what the sources want and what the runtime reports, and sees to it that nothing
 * runs that nobody wants. Source: kubelet kubelet.go syncLoopIteration, kubelet_pods.go HandlePodCleanups.
 */
import type { DesiredPod } from "../core/pods/desired-state.ts";
import type { Clock } from "../ports/clock.ts";
import { errorMessage } from "../ports/errors.ts";
import type { Log } from "../ports/log.ts";
import type { PodFiles } from "../ports/pod-files.ts";
import type { PodAdmission } from "./admission/pod-admission.ts";
import type { EventRecorder } from "./events/event-recorder.ts";
import type { Readiness, RuntimeHealth } from "./node/runtime-health.ts";
import type { Pleg } from "./pleg/pleg.ts";
import type { PodWorkers } from "./pod-workers/pod-workers.ts";
import type { PodManager, PodsChange } from "./pods/pod-manager.ts";
import type { PodCgroups } from "./resources/pod-cgroups.ts";
import type { StatusManager } from "./status/status-manager.ts";
import type { VolumeManager } from "./volumes/volume-manager.ts";

export interface KubeletPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: PodFiles;
  readonly pods: PodManager;
  readonly workers: PodWorkers;
  readonly admission: PodAdmission;
  readonly pleg: Pleg;
  readonly health: RuntimeHealth;
  readonly statuses: StatusManager;
  readonly cgroups: PodCgroups;
  readonly events: EventRecorder;
  readonly volumes: Pick<VolumeManager, "changed" | "unmount">;
}

export interface KubeletOptions {
  readonly nodeName: string;
}

/** Between two looks for what nobody wants any more (the kubelet's housekeeping: 2 s). */
const HOUSEKEEPING_MS = 2_000;
/** Directories and cgroups are listed in every n-th housekeeping only. */
const DISK_EVERY = 15;
const DRAIN_POLL_MS = 20;

export class Kubelet {
  readonly #ports: KubeletPorts;
  readonly #nodeName: string;
  /** Cgroups of pods that are somebody else's, each told once. */
  readonly #foreign = new Set<string>();
  #rounds = 0;
  #roundAtMonotonic: number;
  /** Pods are being stopped for good: what the sources want does not count any more. */
  #draining = false;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: KubeletPorts, options: KubeletOptions) {
    this.#ports = ports;
    this.#nodeName = options.nodeName;
    this.#roundAtMonotonic = ports.clock.monotonic();
    ports.pods.onChange((change) => this.#onPodsChange(change));
    ports.pleg.onChange(({ uid, events }) => {
      // A removed container is the end of our own removal; the kubelet does not sync for it either.
      if (events.some(({ type }) => type !== "ContainerRemoved")) ports.workers.wake(uid);
    });
    ports.workers.onWantedAgain((pod) => ports.admission.take([pod]));
    ports.health.onChange((readiness) => this.#onReadiness(readiness));
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#runHousekeeping(signal);
  }

  async stop(): Promise<void> {
    this.#ports.admission.close();
    await this.#done;
  }

  /** Milliseconds since the loop last finished a round (or was made). */
  get lastRoundAgeMs(): number {
    return this.#ports.clock.monotonic() - this.#roundAtMonotonic;
  }

  /**
   * Ends every pod with its own grace, or with `graceSeconds` where that is shorter; resolves when none is left, or with
   * the names of those left after `limitMs`.
   */
  async stopPods(limitMs: number, graceSeconds?: number): Promise<readonly string[]> {
    const { clock, workers, admission } = this.#ports;
    this.#draining = true;
    admission.close();
    const startedAt = clock.monotonic();
    if (graceSeconds !== undefined) {
      const known = Object.values(workers.state.workers).filter(({ runtimeOnly }) => !runtimeOnly);
      for (const { pod } of known) workers.kill(pod, { graceSeconds });
    }
    for (const uid of workers.uids()) workers.remove(uid);
    this.#adoptOrphans();
    while (workers.uids().length > 0 && clock.monotonic() - startedAt < limitMs) await clock.sleep(DRAIN_POLL_MS);
    return Object.values(workers.state.workers).map(({ fullName }) => fullName);
  }

  /**
   * Source of the events: kubelet nodestatus/setters.go ReadyCondition. Differs: what is wrong is told with them, as a
   * node that is alone has no condition to look it up in.
   */
  #onReadiness({ ready, message }: Readiness): void {
    const { workers, events } = this.#ports;
    if (ready && !this.#draining) this.#startMissing();
    if (ready) workers.wakeAll();
    const state = ready ? "NodeReady" : "NodeNotReady";
    const why = ready ? "" : ` (${message})`;
    events.node("Normal", state, `Node ${this.#nodeName} status is now: ${state}${why}`);
  }

  #onPodsChange({ added, updated, removed, configChanged, storageChanged }: PodsChange): void {
    const { workers, admission, pods, volumes } = this.#ports;
    if (this.#draining) return;
    for (const { pod } of removed) {
      workers.remove(pod.metadata?.uid ?? "");
      admission.forget(pod.metadata?.uid ?? "");
    }
    this.#startMissing(...added, ...updated);
    if (configChanged.size === 0 && !storageChanged) return;
    // Volumes and waiting containers follow their ConfigMaps, Secrets and claims at once.
    volumes.changed(configChanged);
    for (const { pod } of pods.pods()) workers.wake(pod.metadata?.uid ?? "");
  }

  async #runHousekeeping(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (await clock.sleep(HOUSEKEEPING_MS, signal)) {
      await this.clean().catch((error: unknown) => log.warn("housekeeping failed", { error: errorMessage(error) }));
      this.#roundAtMonotonic = clock.monotonic();
    }
  }

  /** One housekeeping: workers for pods that still lack one, and an end to what nobody wants. */
  async clean(): Promise<void> {
    const { pods, workers, pleg, health } = this.#ports;
    if (this.#draining) return;
    this.#startMissing();
    if (!pods.allSourcesReady || !health.runtimeUp || pleg.relistedAtMonotonic === undefined) return;
    workers.syncKnown(new Set(pods.pods().map(({ pod }) => pod.metadata?.uid ?? "")));
    this.#adoptOrphans();
    this.#forgetStatuses();
    this.#rounds += 1;
    if (this.#rounds % DISK_EVERY === 1) await this.#cleanMachine();
  }

  #adoptOrphans(): void {
    const { workers, pleg } = this.#ports;
    for (const uid of pleg.knownPods()) {
      const status = pleg.peek(uid);
      if (status !== undefined && !workers.has(uid)) workers.adoptOrphan(status);
    }
  }

  /** Pods known from before a restart are not new to the pod manager, but they have no worker yet. */
  #startMissing(...changed: readonly DesiredPod[]): void {
    const { pods, admission, workers } = this.#ports;
    const missing = pods.pods().filter(({ pod }) => !workers.has(pod.metadata?.uid ?? ""));
    const all = new Map([...changed, ...missing].map(({ pod }) => [pod.metadata?.uid, pod] as const));
    admission.take([...all.values()]);
  }

  #forgetStatuses(): void {
    const { pods, workers, statuses } = this.#ports;
    for (const uid of statuses.uids()) if (!workers.has(uid) && pods.pod(uid) === undefined) statuses.forget(uid);
  }

  /** Directories and cgroups of pods that neither a source nor the runtime nor a worker knows. */
  async #cleanMachine(): Promise<void> {
    const { files, cgroups } = this.#ports;
    const [directories, groups] = await Promise.all([files.listPods(), cgroups.listPods()]);
    for (const uid of groups) await this.#remove(uid, () => this.#removeCgroup(uid, directories.includes(uid)));
    for (const uid of directories) await this.#remove(uid, () => this.#removeDirectory(uid));
  }

  /** A failure is this pod's alone; the next round tries again. */
  async #remove(uid: string, removal: () => Promise<void>): Promise<void> {
    const { workers, log } = this.#ports;
    if (!this.#isNobodys(uid)) return;
    try {
      await workers.withoutWorker(uid, removal);
    } catch (error) {
      log.warn("leftovers of a pod not removed", { podUid: uid, error: errorMessage(error) });
    }
  }

  /** The directory of a pod of ours goes after its cgroup: processes without one are another kubelet's. */
  async #removeCgroup(uid: string, isOurs: boolean): Promise<void> {
    const { cgroups, log } = this.#ports;
    if (isOurs || !(await cgroups.hasProcesses(uid))) return cgroups.removePod(uid);
    if (this.#foreign.has(uid)) return;
    this.#foreign.add(uid);
    log.warn("the cgroup of an unknown pod has processes: left alone, another kubelet seems to use this cgroup root", {
      podUid: uid,
    });
  }

  async #removeDirectory(uid: string): Promise<void> {
    await this.#ports.volumes.unmount(uid);
    if (await this.#ports.files.removePod(uid)) return;
    this.#ports.log.warn("orphaned pod directory is still mounted", { podUid: uid });
  }

  #isNobodys(uid: string): boolean {
    const { pods, workers, pleg } = this.#ports;
    return !workers.has(uid) && pods.pod(uid) === undefined && !pleg.isKnown(uid);
  }
}
