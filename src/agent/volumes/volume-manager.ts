/**
 * Sees to it that pods have the volumes that they ask for before their containers start, that volumes follow their
 * sources, and that nothing of them is left afterwards. What to do next is decided in core (stepVolumes); this carries
 * out the plan with the plugins, and tells of failures in the words of the kubelet.
 * Source: kubelet volumemanager/volume_manager.go, util/operationexecutor.
 */
import type { Pod } from "../../core/api/types.ts";
import type { VolumeAction, VolumeEvent, VolumeTrace } from "../../core/volume/events.ts";
import {
  isWorking,
  type MountedVolume,
  mountedVolumes,
  NO_VOLUMES,
  unmountedVolumes,
  type VolumePlace,
  type VolumesState,
} from "../../core/volume/state.ts";
import { stepVolumes } from "../../core/volume/step.ts";
import { mountTimeoutText, volumesToMount } from "../../core/volume/wanted-volumes.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { VolumeFiles } from "../../ports/volume-files.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { type ClaimLookup, claimedVolume, isReclaimed, mountFailureText } from "./claims/claimed-volume.ts";
import { PendingTimers } from "./pending-timers.ts";
import { VolumeOperations, type VolumeOperationsPorts } from "./volume-operations.ts";
import type { PodVolume } from "./volume-plugin.ts";

export interface VolumeManagerPorts extends VolumeOperationsPorts {
  readonly clock: Clock;
  readonly files: VolumeFiles & Pick<PodFiles, "listPods">;
  readonly events: Pick<EventRecorder, "pod">;
  readonly claims: ClaimLookup;
}

export interface VolumeManagerOptions {
  /** A pod that waited has its volumes now. */
  readonly onReady: (uid: string) => void;
}

/** What a pod may start with: all of its volumes by name, or the names of those that it waits for. */
export type PodVolumes =
  | { readonly volumes: ReadonlyMap<string, MountedVolume> }
  | { readonly missing: readonly string[]; readonly retryInMs: number };

/** A pod that waits this long is told once more what for. Source: volume_manager.go podAttachAndMountTimeout. */
const TELL_AGAIN_MS = 123_000;
/** Who asks waits so long for what is under way; a mount that hangs does not hold the pod's worker. */
const WAIT_MS = 10_000;

/** What exists of a pod's volumes beside their state. */
interface PodEntry {
  pod: Pod | undefined;
  /** By volume name. */
  volumes: ReadonlyMap<string, PodVolume>;
  /** What the machine had of it was read. */
  found: Promise<void> | undefined;
  /** Monotonic time at which it began to wait, or was told of last. */
  waitsSinceMs: number | undefined;
  frozen: boolean;
  readonly refreshes: Map<string, Cancel>;
  readonly waiting: Set<() => void>;
}

export class VolumeManager {
  readonly #ports: VolumeManagerPorts;
  readonly #options: VolumeManagerOptions;
  readonly #operations: VolumeOperations;
  #state: VolumesState = NO_VOLUMES;
  readonly #pods = new Map<string, PodEntry>();
  readonly #stopped = new AbortController();
  /** By pod UID; "": devices. */
  readonly #wakes = new Map<string, { readonly atMs: number; readonly cancel: Cancel }>();
  readonly #timers: PendingTimers;
  readonly #running = new Set<Promise<void>>();

  constructor(ports: VolumeManagerPorts, options: VolumeManagerOptions) {
    this.#ports = ports;
    this.#timers = new PendingTimers(ports.clock);
    this.#options = options;
    this.#operations = new VolumeOperations(ports);
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#halt(), { once: true });
    this.#run(() => this.#findLeft());
  }

  async stop(): Promise<void> {
    this.#halt();
    await Promise.allSettled(this.#running);
  }

  get state(): VolumesState {
    return this.#state;
  }

  /** Mounts what the pod lacks and waits for it, but not for long; `onReady` tells when it has all that it waits for. */
  async mount(pod: Pod, signal: AbortSignal): Promise<PodVolumes> {
    const uid = pod.metadata?.uid ?? "";
    const entry = this.#entry(uid);
    await this.#find(uid, entry);
    this.#want(uid, entry, pod);
    await this.#until(uid, entry, () => !isWorking(this.#state, uid), signal);
    const missing = unmountedVolumes(this.#state, uid);
    if (missing.length > 0) return { missing, retryInMs: this.#tellOfWaiting(pod, entry, missing) };
    entry.waitsSinceMs = undefined;
    return { volumes: mountedVolumes(this.#state, uid) };
  }

  /** The pod is being ended: its volumes stay as they are until `unmount`, whatever becomes of their sources. */
  freeze(uid: string): void {
    const entry = this.#pods.get(uid);
    if (entry !== undefined) entry.frozen = true;
  }

  /** Takes away all volumes of a pod without running containers; rejects where something is in use. */
  async unmount(uid: string): Promise<void> {
    const entry = this.#entry(uid);
    await this.#find(uid, entry);
    for (const cancel of entry.refreshes.values()) cancel();
    entry.refreshes.clear();
    if (this.#state.pods[uid] !== undefined) this.#take({ kind: "ended", nowMs: this.#now(), uid });
    await this.#until(uid, entry, () => !isWorking(this.#state, uid));
    const left = this.#state.pods[uid];
    if (left === undefined) {
      this.#pods.delete(uid);
      return;
    }
    const why = Object.values(left.volumes).find(({ error }) => error !== undefined)?.error;
    throw new Error(`volumes are still mounted: ${Object.keys(left.volumes).join(", ")}${why ? `: ${why}` : ""}`);
  }

  /** Objects (named by `objectKey`) are not what they were: whatever shows them follows. */
  changed(keys: ReadonlySet<string>): void {
    for (const [uid, { volumes, frozen }] of this.#pods) {
      if (frozen) continue;
      const shown = [...volumes].filter(([, volume]) => this.#operations.shows(volume, keys));
      const names = shown.map(([name]) => name);
      if (names.length > 0) this.#take({ kind: "stale", nowMs: this.#now(), uid, names });
    }
  }

  /** The volumes that the pod can use. */
  mounted(uid: string): readonly (readonly [PodVolume, MountedVolume])[] {
    const volumes = this.#pods.get(uid)?.volumes;
    return [...mountedVolumes(this.#state, uid)].flatMap(([name, mounted]) => {
      const volume = volumes?.get(name);
      return volume === undefined ? [] : [[volume, mounted] as const];
    });
  }

  /** What this plugin failed with may go well now: it is tried again at once. */
  retry(plugin: string): void {
    for (const [uid, { volumes }] of this.#pods) {
      const known = Object.entries(this.#state.pods[uid]?.volumes ?? {}).filter(([, { error }]) => error !== undefined);
      const isOwn = ([name, { place }]: (typeof known)[number]) =>
        this.#operations.pluginAt(place, volumes.get(name))?.name === plugin;
      const names = known.filter(isOwn).map(([name]) => name);
      if (names.length > 0) this.#take({ kind: "stale", nowMs: this.#now(), uid, names });
    }
    this.#take({ kind: "retryDevices", nowMs: this.#now(), plugin });
  }

  #want(uid: string, entry: PodEntry, pod: Pod): void {
    const before = entry.pod;
    const all = volumesToMount(pod).map((volume): readonly [string, PodVolume] => [
      volume.name,
      this.#claimed({ uid, pod, volume }, entry.volumes.get(volume.name)),
    ]);
    const reclaimed =
      before === undefined ? [] : all.filter(([name, now]) => isReclaimed(entry.volumes.get(name), now));
    entry.pod = pod;
    entry.frozen = false;
    entry.volumes = new Map(all);
    const nowMs = this.#now();
    const known = this.#state.pods[uid];
    if (before !== pod || known?.phase !== "wanted" || reclaimed.length > 0) {
      const volumes = all.map(([name, volume]) => {
        const plugin = this.#operations.pluginOf(volume);
        const place = plugin?.place?.(volume);
        const device = plugin?.device?.(volume);
        return {
          name,
          ...(place !== undefined && { place }),
          ...(plugin !== undefined && device !== undefined && { device: { name: device, plugin: plugin.name } }),
        };
      });
      this.#take({ kind: "wanted", nowMs, uid, volumes });
    }
    const followers =
      before === undefined || before === pod
        ? []
        : all.filter(([, volume]) => this.#operations.pluginOf(volume)?.followsPod === true);
    const names = [...new Set([...followers, ...reclaimed].map(([name]) => name))];
    if (names.length > 0) this.#take({ kind: "stale", nowMs, uid, names });
  }

  #claimed(volume: PodVolume, before: PodVolume | undefined): PodVolume {
    const state = this.#state.pods[volume.uid]?.volumes[volume.volume.name];
    return claimedVolume(this.#ports.claims, volume, before, (state?.actual ?? "absent") !== "absent");
  }

  /** Devices that no pod uses go; which ones are used is known when all pods are. */
  async #findLeft(): Promise<void> {
    const { clock, log, files } = this.#ports;
    do {
      try {
        for (const uid of await files.listPods()) await this.#find(uid, this.#entry(uid));
        for (const left of await this.#operations.leftDevices()) {
          this.#take({ kind: "deviceFound", nowMs: this.#now(), ...left });
        }
        return;
      } catch (error) {
        log.warn("volumes of earlier pods not read", { error: errorMessage(error) });
      }
    } while (await clock.sleep(WAIT_MS, this.#stopped.signal));
  }

  /** What an agent before this one has left is known before anything is done. */
  #find(uid: string, entry: PodEntry): Promise<void> {
    const finding = entry.found ?? this.#readFound(uid);
    entry.found = finding;
    finding.catch(() => {
      entry.found = undefined;
    });
    return finding;
  }

  async #readFound(uid: string): Promise<void> {
    const volumes = await this.#operations.find(uid);
    if (volumes.length > 0) this.#take({ kind: "found", nowMs: this.#now(), uid, volumes });
  }

  #tellOfWaiting(pod: Pod, entry: PodEntry, missing: readonly string[]): number {
    const nowMs = this.#now();
    entry.waitsSinceMs ??= nowMs;
    if (nowMs - entry.waitsSinceMs >= TELL_AGAIN_MS) {
      entry.waitsSinceMs = nowMs;
      const uid = pod.metadata?.uid ?? "";
      const withoutDevice = missing.filter((name) => !this.#hasDevice(uid, name));
      this.#ports.events.pod(pod, "Warning", "FailedMount", mountTimeoutText(missing, withoutDevice));
    }
    return entry.waitsSinceMs + TELL_AGAIN_MS - nowMs;
  }

  #hasDevice(uid: string, name: string): boolean {
    const device = this.#state.pods[uid]?.volumes[name]?.device;
    return device === undefined || this.#state.devices[device]?.actual === "mounted";
  }

  #take(event: VolumeEvent): void {
    if (this.#stopped.signal.aborted) return;
    const { state, plan, trace } = stepVolumes(this.#state, event);
    this.#state = state;
    for (const entry of trace) this.#tell(entry);
    for (const action of plan) this.#apply(action);
    if ("uid" in event && event.uid !== undefined) this.#wakeWaiting(event.uid);
    else for (const uid of this.#pods.keys()) this.#wakeWaiting(uid);
  }

  #wakeWaiting(uid: string): void {
    for (const check of this.#pods.get(uid)?.waiting ?? []) check();
  }

  #tell(trace: VolumeTrace): void {
    this.#ports.log.debug("volume", trace);
    if (trace.what !== "ready") return;
    const entry = this.#pods.get(trace.uid);
    if (entry?.waitsSinceMs !== undefined && entry.waiting.size === 0) this.#options.onReady(trace.uid);
  }

  #apply(action: VolumeAction): void {
    switch (action.kind) {
      case "mount":
        this.#run(() => this.#mountOne(action.uid, action.name));
        return;
      case "unmount":
        this.#run(() => this.#unmountOne(action.uid, action.name, action.place));
        return;
      case "mountDevice":
        this.#run(() => this.#mountDevice(action.device, action.uid, action.name));
        return;
      case "unmountDevice":
        this.#run(() => this.#unmountDevice(action.device, action.plugin));
        return;
      case "wakeAt":
        this.#wakeAt(action.uid, action.atMs);
    }
  }

  #wakeAt(uid: string | undefined, atMs: number): void {
    const key = uid ?? "";
    const before = this.#wakes.get(key);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = this.#timers.after(Math.max(0, atMs - this.#now()), () => {
      this.#wakes.delete(key);
      this.#take({ kind: "wake", nowMs: this.#now(), ...(uid !== undefined && { uid }) });
    });
    this.#wakes.set(key, { atMs, cancel });
  }

  async #mountOne(uid: string, name: string): Promise<void> {
    const volume = this.#pods.get(uid)?.volumes.get(name);
    const { result, refreshAtMs } = await this.#operations.mount(volume, this.#stopped.signal);
    if (result.kind === "done") this.#refreshAt(uid, name, refreshAtMs);
    else this.#warn(volume?.pod, mountFailureText(volume, name, result.error));
    this.#take({ kind: "operated", nowMs: this.#now(), uid, name, result });
  }

  async #unmountOne(uid: string, name: string, place: VolumePlace | undefined): Promise<void> {
    const result = await this.#operations.unmount(uid, name, place, this.#pods.get(uid)?.volumes.get(name));
    this.#take({ kind: "operated", nowMs: this.#now(), uid, name, result });
  }

  async #mountDevice(device: string, uid: string, name: string): Promise<void> {
    const volume = this.#pods.get(uid)?.volumes.get(name);
    const result = await this.#operations.mountDevice(device, volume, this.#stopped.signal);
    if (result.kind === "failed") {
      this.#warn(volume?.pod, `MountVolume.MountDevice failed for volume "${name}" : ${result.error}`);
    }
    this.#take({ kind: "deviceOperated", nowMs: this.#now(), device, result });
  }

  async #unmountDevice(device: string, plugin: string): Promise<void> {
    const result = await this.#operations.unmountDevice(device, plugin);
    this.#take({ kind: "deviceOperated", nowMs: this.#now(), device, result });
  }

  #refreshAt(uid: string, name: string, atMs: number | undefined): void {
    const refreshes = this.#pods.get(uid)?.refreshes;
    refreshes?.get(name)?.();
    refreshes?.delete(name);
    if (atMs === undefined) return;
    const { clock } = this.#ports;
    const cancel = this.#timers.after(Math.max(0, atMs - clock.now()), () => {
      this.#take({ kind: "stale", nowMs: this.#now(), uid, names: [name] });
    });
    refreshes?.set(name, cancel);
  }

  /** Waits until `isOver`, the signal, or for as long as anybody waits here. */
  #until(uid: string, entry: PodEntry, isOver: () => boolean, signal?: AbortSignal): Promise<void> {
    if (isOver() || signal?.aborted === true || this.#stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        entry.waiting.delete(check);
        cancel();
        signal?.removeEventListener("abort", end);
        this.#stopped.signal.removeEventListener("abort", end);
        resolve();
      };
      const check = (): void => {
        if (isOver()) end();
      };
      const cancel = this.#timers.after(WAIT_MS, () => {
        this.#ports.log.debug("volumes take long", { podUid: uid });
        end();
      });
      entry.waiting.add(check);
      signal?.addEventListener("abort", end, { once: true });
      this.#stopped.signal.addEventListener("abort", end, { once: true });
    });
  }

  #run(operation: () => Promise<void>): void {
    const running = operation().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #halt(): void {
    this.#stopped.abort();
    this.#timers.cancelAll();
  }

  #entry(uid: string): PodEntry {
    const entry = this.#pods.get(uid) ?? {
      pod: undefined,
      volumes: new Map(),
      found: undefined,
      waitsSinceMs: undefined,
      frozen: false,
      refreshes: new Map(),
      waiting: new Set(),
    };
    this.#pods.set(uid, entry);
    return entry;
  }

  #warn(pod: Pod | undefined, message: string): void {
    if (pod !== undefined) this.#ports.events.pod(pod, "Warning", "FailedMount", message);
  }

  #now(): number {
    return this.#ports.clock.monotonic();
  }
}
