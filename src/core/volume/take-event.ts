/** What an event changes about volumes, before anything new is planned. */
import type { FoundVolume, OperationResult, VolumeAction, VolumeEvent, VolumeTrace, WantedVolume } from "./events.ts";
import type { DeviceState, PodVolumesState, VolumePlace, VolumeState, VolumesState } from "./state.ts";

/** After a failure: 0.5 s, doubling to 2 min 2 s. Source: kubelet goroutinemap/exponentialbackoff. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 122_000;

export interface TakenEvent {
  readonly state: VolumesState;
  readonly plan: readonly VolumeAction[];
  readonly trace: readonly VolumeTrace[];
}

export function takeVolumeEvent(state: VolumesState, event: VolumeEvent): TakenEvent {
  switch (event.kind) {
    case "found":
      return only(found(state, event.uid, event.volumes));
    case "wanted":
      return wanted(state, event.uid, event.volumes);
    case "ended":
      return only(withPod(state, event.uid, ended(state.pods[event.uid])));
    case "stale":
      return only(stale(state, event.uid, event.names));
    case "operated":
      return operated(state, event.uid, event.name, event.result, event.nowMs);
    case "deviceOperated":
      return deviceOperated(state, event.device, event.result, event.nowMs);
    case "deviceFound":
      return only(withDevice(state, event.device, event.plugin, "uncertain"));
    case "retryDevices":
      return only({ ...state, devices: retriedAtOnce(state.devices, event.plugin) });
    case "wake":
      return only(state);
  }
}

function only(state: VolumesState): TakenEvent {
  return { state, plan: [], trace: [] };
}

const NEW_VOLUME = { actual: "absent", failures: 0, isWanted: true, isStale: false } as const;

function found(state: VolumesState, uid: string, volumes: readonly FoundVolume[]): VolumesState {
  const pod: PodVolumesState = state.pods[uid] ?? { phase: "seen", volumes: {} };
  const known = new Set(Object.values(pod.volumes).flatMap(({ place }) => (place === undefined ? [] : [keyOf(place)])));
  const fresh = volumes.filter(({ place }) => !known.has(keyOf(place)));
  const withDevices = fresh.reduce(
    (next, { device }) => (device === undefined ? next : withDevice(next, device.name, device.plugin, "uncertain")),
    state,
  );
  const left = fresh.map(({ place, mounted, device }) => {
    const volume: VolumeState = {
      ...NEW_VOLUME,
      isWanted: false,
      actual: mounted === undefined ? "uncertain" : "mounted",
      place,
      ...(mounted !== undefined && { mounted }),
      ...(device !== undefined && { device: device.name }),
    };
    return [keyOf(place), volume] as const;
  });
  return withPod(withDevices, uid, { ...pod, volumes: { ...pod.volumes, ...Object.fromEntries(left) } });
}

/** Volumes that the spec has no more stay until the pod ends; those that were found are taken over by their place. */
function wanted(state: VolumesState, uid: string, volumes: readonly WantedVolume[]): TakenEvent {
  const before = state.pods[uid]?.volumes ?? {};
  const kept = new Map(Object.entries(before).map(([name, volume]) => [name, { ...volume, isWanted: false }]));
  const trace: VolumeTrace[] = [];
  let next = state;
  const now = volumes.map(({ name, place, device }): readonly [string, VolumeState] => {
    if (device !== undefined) next = withDevice(next, device.name, device.plugin, "absent");
    const own = kept.get(name);
    const left = own === undefined && place !== undefined ? kept.get(keyOf(place)) : undefined;
    kept.delete(name);
    if (left !== undefined && place !== undefined) {
      kept.delete(keyOf(place));
      trace.push({ what: "claimed", uid, name });
    }
    const volume: VolumeState = own ?? (left && { ...left, isStale: true }) ?? NEW_VOLUME;
    const details = { ...(place !== undefined && { place }), ...(device !== undefined && { device: device.name }) };
    return [name, { ...volume, ...details, isWanted: true }];
  });
  const pod: PodVolumesState = {
    phase: "wanted",
    volumes: { ...Object.fromEntries(now), ...Object.fromEntries(kept) },
  };
  return { state: withPod(next, uid, pod), plan: [], trace };
}

/** What waits to be tried again is tried now: it is another thing that is to be done. */
function ended(pod: PodVolumesState | undefined): PodVolumesState {
  if (pod?.phase === "ended") return pod;
  const volumes = Object.entries(pod?.volumes ?? {}).map(([name, volume]) => [name, atOnce(volume)] as const);
  return { phase: "ended", volumes: Object.fromEntries(volumes) };
}

function stale(state: VolumesState, uid: string, names: readonly string[]): VolumesState {
  const pod = state.pods[uid];
  if (pod === undefined) return state;
  const changed = names.flatMap((name) => {
    const volume = pod.volumes[name];
    return volume === undefined ? [] : [[name, { ...atOnce(volume), isStale: true }] as const];
  });
  return withPod(state, uid, { ...pod, volumes: { ...pod.volumes, ...Object.fromEntries(changed) } });
}

function operated(state: VolumesState, uid: string, name: string, result: OperationResult, nowMs: number): TakenEvent {
  const pod = state.pods[uid];
  const volume = pod?.volumes[name];
  if (pod === undefined || volume?.operation === undefined) return only(state);
  if (result.kind === "done") return only(withPod(state, uid, { ...pod, volumes: done(pod, name, volume, result) }));
  const { failed, atMs } = failure(volume, result.error, nowMs);
  // A mount that is there already stays usable when it could not be brought up to date.
  const wasMounted = volume.operation === "mount" && volume.actual === "mounted";
  const actual = wasMounted ? "mounted" : result.leftNothing === true ? "absent" : "uncertain";
  const changed: VolumeState = { ...failed, actual, isStale: volume.isStale || wasMounted };
  return {
    state: withPod(state, uid, { ...pod, volumes: { ...pod.volumes, [name]: changed } }),
    plan: [{ kind: "wakeAt", uid, atMs }],
    trace: [{ what: "failed", uid, name, error: result.error, failures: failed.failures }],
  };
}

function done(
  pod: PodVolumesState,
  name: string,
  volume: VolumeState,
  { mounted, place }: OperationResult & { readonly kind: "done" },
): PodVolumesState["volumes"] {
  const { operation, retryAtMs: _later, error: _error, mounted: _before, ...rest } = volume;
  if (operation === "unmount") return { ...pod.volumes, [name]: { ...rest, actual: "absent", failures: 0 } };
  const details = { ...(mounted !== undefined && { mounted }), ...(place !== undefined && { place }) };
  const volumes = { ...pod.volumes, [name]: { ...rest, ...details, actual: "mounted" as const, failures: 0 } };
  if (place === undefined || keyOf(place) === name) return volumes;
  // What was found at this place is this volume.
  const { [keyOf(place)]: _claimed, ...others } = volumes;
  return others;
}

function deviceOperated(state: VolumesState, name: string, result: OperationResult, nowMs: number): TakenEvent {
  const device = state.devices[name];
  if (device?.operation === undefined) return only(state);
  const { operation, retryAtMs: _later, error: _error, ...rest } = device;
  if (result.kind === "done") {
    const changed: DeviceState = { ...rest, actual: operation === "mount" ? "mounted" : "absent", failures: 0 };
    return only({ ...state, devices: { ...state.devices, [name]: changed } });
  }
  const { failed, atMs } = failure(device, result.error, nowMs);
  const changed: DeviceState = { ...failed, actual: result.leftNothing === true ? "absent" : "uncertain" };
  return {
    state: { ...state, devices: { ...state.devices, [name]: changed } },
    plan: [{ kind: "wakeAt", atMs }],
    trace: [{ what: "deviceFailed", device: name, error: result.error, failures: changed.failures }],
  };
}

function failure<T extends VolumeState | DeviceState>(
  subject: T,
  error: string,
  nowMs: number,
): { readonly failed: T; readonly atMs: number } {
  const { operation: _ended, ...rest } = subject;
  const failures = subject.failures + 1;
  const atMs = nowMs + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
  return { failed: { ...(rest as T), failures, retryAtMs: atMs, error }, atMs };
}

function atOnce<T extends VolumeState | DeviceState>(subject: T): T {
  const { retryAtMs: _at, ...rest } = subject;
  return { ...(rest as T), failures: 0 };
}

function retriedAtOnce(devices: VolumesState["devices"], plugin: string): VolumesState["devices"] {
  return Object.fromEntries(
    Object.entries(devices).map(([name, device]) => [name, device.plugin === plugin ? atOnce(device) : device]),
  );
}

function withPod(state: VolumesState, uid: string, pod: PodVolumesState): VolumesState {
  return { ...state, pods: { ...state.pods, [uid]: pod } };
}

/** One that is known stays as it is. */
function withDevice(state: VolumesState, name: string, plugin: string, actual: DeviceState["actual"]): VolumesState {
  if (state.devices[name] !== undefined) return state;
  return { ...state, devices: { ...state.devices, [name]: { plugin, actual, failures: 0 } } };
}

function keyOf({ kind, name }: VolumePlace): string {
  return `${kind}/${name}`;
}
