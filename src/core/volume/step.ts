/**
 * What to mount, unmount and bring up to date next: parallel across pods and volumes, one operation at a time on one
 * volume, a device before what is on it and after all that was. Source: kubelet volumemanager/reconciler reconcile,
 * util/nestedpendingoperations; back-off of goroutinemap/exponentialbackoff.
 */
import type { VolumeAction, VolumeEvent, VolumesStep, VolumeTrace } from "./events.ts";
import { type DeviceState, unmountedVolumes, type VolumeState, type VolumesState } from "./state.ts";
import { takeVolumeEvent } from "./take-event.ts";

/** Deterministic; the order of the plan is that of pods and volumes in the state. */
export function stepVolumes(before: VolumesState, event: VolumeEvent): VolumesStep {
  const taken = takeVolumeEvent(before, event);
  const planning = new Planning(taken.state, event.nowMs);
  for (const uid of affectedPods(taken.state, event)) planning.pod(uid);
  planning.devices(event);
  if (event.kind === "wake") planning.wakeAgain(event.uid);
  const trace = [...taken.trace, ...planning.trace, ...turns(before, planning.state)];
  return { state: planning.state, plan: [...taken.plan, ...planning.plan], trace };
}

function affectedPods(state: VolumesState, event: VolumeEvent): readonly string[] {
  if ("uid" in event && event.uid !== undefined) {
    // The end of an operation may be what others on the same device have waited for.
    return Object.keys(state.devices).length === 0 || event.kind !== "operated"
      ? [event.uid]
      : [event.uid, ...podsWithDevices(state).filter((uid) => uid !== event.uid)];
  }
  return podsWithDevices(state);
}

function podsWithDevices({ pods }: VolumesState): readonly string[] {
  return Object.keys(pods).filter((uid) =>
    Object.values(pods[uid]?.volumes ?? {}).some(({ device }) => device !== undefined),
  );
}

/** Pods that have got all that they want, or have nothing left. */
function turns(before: VolumesState, after: VolumesState): readonly VolumeTrace[] {
  const trace: VolumeTrace[] = [];
  for (const [uid, pod] of Object.entries(after.pods)) {
    if (pod === before.pods[uid] || pod.phase !== "wanted" || unmountedVolumes(after, uid).length > 0) continue;
    if (before.pods[uid]?.phase !== "wanted" || unmountedVolumes(before, uid).length > 0)
      trace.push({ what: "ready", uid });
  }
  for (const uid of Object.keys(before.pods)) if (after.pods[uid] === undefined) trace.push({ what: "gone", uid });
  return trace;
}

class Planning {
  state: VolumesState;
  readonly plan: VolumeAction[] = [];
  readonly trace: VolumeTrace[] = [];
  readonly #nowMs: number;

  constructor(state: VolumesState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  pod(uid: string): void {
    const pod = this.state.pods[uid];
    if (pod === undefined) return;
    for (const [name, volume] of Object.entries(pod.volumes)) this.#volume(uid, name, volume);
    const left = this.state.pods[uid];
    if (left?.phase !== "ended" || Object.keys(left.volumes).length > 0) return;
    const { [uid]: _gone, ...pods } = this.state.pods;
    this.state = { ...this.state, pods };
  }

  /** Those that nobody uses any more. */
  devices(event: VolumeEvent): void {
    const mayFree = event.kind === "operated" || event.kind === "deviceOperated" || event.kind === "deviceFound";
    const isTime = event.kind === "wake" || event.kind === "ended" || event.kind === "retryDevices";
    if (!mayFree && !isTime) return;
    for (const [name, device] of Object.entries(this.state.devices)) {
      if (device.operation !== undefined || this.#users(name).length > 0) continue;
      if (device.actual === "absent") {
        const { [name]: _gone, ...devices } = this.state.devices;
        this.state = { ...this.state, devices };
      } else if (!this.#mustWait(device)) {
        this.#setDevice(name, { ...device, operation: "unmount" });
        this.plan.push({ kind: "unmountDevice", device: name, plugin: device.plugin });
      }
    }
  }

  /** For what still waits for its time: there is one timer for all of a pod. */
  wakeAgain(uid: string | undefined): void {
    const { pods, devices } = this.state;
    const waiting = uid === undefined ? Object.values(devices) : Object.values(pods[uid]?.volumes ?? {});
    const times = waiting.flatMap((each: VolumeState | DeviceState) =>
      each.operation === undefined && this.#mustWait(each) ? [each.retryAtMs ?? 0] : [],
    );
    if (times.length === 0) return;
    this.plan.push({ kind: "wakeAt", ...(uid !== undefined && { uid }), atMs: Math.min(...times) });
  }

  #volume(uid: string, name: string, volume: VolumeState): void {
    const phase = this.state.pods[uid]?.phase;
    if (volume.operation !== undefined || this.#mustWait(volume)) return;
    if (phase === "wanted" && volume.isWanted) this.#mount(uid, name, volume);
    else if (phase === "ended") this.#unmount(uid, name, volume);
  }

  #mount(uid: string, name: string, volume: VolumeState): void {
    if (volume.actual === "mounted" && !volume.isStale) return;
    const device = volume.device === undefined ? undefined : this.state.devices[volume.device];
    if (device !== undefined && device.operation !== undefined) return;
    if (device !== undefined && volume.device !== undefined && device.actual !== "mounted") {
      if (this.#mustWait(device) || this.#operating(volume.device)) return;
      this.#setDevice(volume.device, { ...device, operation: "mount" });
      this.plan.push({ kind: "mountDevice", device: volume.device, uid, name });
      return;
    }
    this.#setVolume(uid, name, { ...volume, operation: "mount", isStale: false });
    this.plan.push({ kind: "mount", uid, name, again: volume.actual === "mounted" });
  }

  #unmount(uid: string, name: string, volume: VolumeState): void {
    const device = volume.device === undefined ? undefined : this.state.devices[volume.device];
    if (device?.operation !== undefined) return;
    if (volume.actual === "absent") {
      this.#dropVolume(uid, name);
      return;
    }
    this.#setVolume(uid, name, { ...volume, operation: "unmount" });
    this.plan.push({ kind: "unmount", uid, name, ...(volume.place !== undefined && { place: volume.place }) });
  }

  #mustWait({ retryAtMs }: VolumeState | DeviceState): boolean {
    return retryAtMs !== undefined && retryAtMs > this.#nowMs;
  }

  #users(device: string): readonly VolumeState[] {
    return Object.values(this.state.pods).flatMap(({ phase, volumes }) =>
      Object.values(volumes).filter(
        (volume) => volume.device === device && ((phase === "wanted" && volume.isWanted) || volume.actual !== "absent"),
      ),
    );
  }

  #operating(device: string): boolean {
    return this.#users(device).some(({ operation }) => operation !== undefined);
  }

  #setDevice(name: string, device: DeviceState): void {
    this.state = { ...this.state, devices: { ...this.state.devices, [name]: device } };
  }

  #setVolume(uid: string, name: string, volume: VolumeState): void {
    const pod = this.state.pods[uid];
    if (pod === undefined) return;
    const changed = { ...pod, volumes: { ...pod.volumes, [name]: volume } };
    this.state = { ...this.state, pods: { ...this.state.pods, [uid]: changed } };
  }

  #dropVolume(uid: string, name: string): void {
    const pod = this.state.pods[uid];
    if (pod === undefined) return;
    const { [name]: _dropped, ...volumes } = pod.volumes;
    this.state = { ...this.state, pods: { ...this.state.pods, [uid]: { ...pod, volumes } } };
  }
}
