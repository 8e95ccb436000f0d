/**
 * Which volumes pods shall have and which they have, as plain data. Source: kubelet volumemanager/cache
 * DesiredStateOfWorld, ActualStateOfWorld.
 */

/** A directory of a pod's own: `<pod>/volumes/<kind>/<name>`. `kind`: the plugin's, "kubernetes.io~configmap". */
export interface VolumePlace {
  readonly kind: string;
  readonly name: string;
}

/** What containers get of a volume that is there. */
export interface MountedVolume {
  /** Directory, file or (with `isBlock`) device on the machine. */
  readonly path: string;
  readonly isBlock?: boolean;
  /** An image of the runtime, which is nowhere on the machine: `path` is "". */
  readonly isImage?: boolean;
  /** Nobody writes to it, whatever a container's mount says. */
  readonly readOnly?: boolean;
  /** The agent made it, so its SELinux label may be changed. */
  readonly isRelabelable?: boolean;
}

/** `uncertain`: something may be there, an operation on it broke off. */
export type ActualState = "absent" | "uncertain" | "mounted";

/** What volumes and devices have in common: one operation at a time, and a pause after it failed. */
interface Operable {
  readonly actual: ActualState;
  /** In flight. */
  readonly operation?: "mount" | "unmount";
  /** In a row. */
  readonly failures: number;
  /** Monotonic; nothing is tried before. */
  readonly retryAtMs?: number;
  /** What the last operation failed with. */
  readonly error?: string;
}

export interface VolumeState extends Operable {
  /** In the pod's spec. */
  readonly isWanted: boolean;
  /** What it shows is older than its source: it is mounted again, in place. */
  readonly isStale: boolean;
  readonly place?: VolumePlace;
  /** It is on this device, which is mounted before it. */
  readonly device?: string;
  /** Set once it was mounted, and while it is uncertain whether it still is. */
  readonly mounted?: MountedVolume;
}

export interface PodVolumesState {
  /** `seen`: nobody has said yet. `ended`: no container runs, everything goes. */
  readonly phase: "seen" | "wanted" | "ended";
  /** By name in the pod's spec; "<kind>/<name>" for what was found and no volume of the spec has claimed. */
  readonly volumes: Readonly<Record<string, VolumeState>>;
}

/** Something that is mounted once on the node for all pods that use it (a staged CSI volume, an attached disk). */
export interface DeviceState extends Operable {
  /** The plugin that mounts and unmounts it. */
  readonly plugin: string;
}

export interface VolumesState {
  /** By UID. */
  readonly pods: Readonly<Record<string, PodVolumesState>>;
  /** By the name that the plugin gave. */
  readonly devices: Readonly<Record<string, DeviceState>>;
}

export const NO_VOLUMES: VolumesState = { pods: {}, devices: {} };

/** The wanted volumes that containers cannot use yet, in the order of the spec. */
export function unmountedVolumes(state: VolumesState, uid: string): readonly string[] {
  const volumes = Object.entries(state.pods[uid]?.volumes ?? {});
  return volumes.filter(([, volume]) => volume.isWanted && volume.actual !== "mounted").map(([name]) => name);
}

/** The wanted volumes that containers can use, by name. */
export function mountedVolumes(state: VolumesState, uid: string): ReadonlyMap<string, MountedVolume> {
  const volumes = Object.entries(state.pods[uid]?.volumes ?? {});
  return new Map(
    volumes.flatMap(([name, { isWanted, actual, mounted }]) =>
      isWanted && actual === "mounted" && mounted !== undefined ? [[name, mounted] as const] : [],
    ),
  );
}

/** An operation on the pod's volumes, or on a device that one of them waits for, is in flight. */
export function isWorking(state: VolumesState, uid: string): boolean {
  return Object.values(state.pods[uid]?.volumes ?? {}).some(
    ({ operation, actual, device }) =>
      operation !== undefined ||
      (actual !== "mounted" && device !== undefined && state.devices[device]?.operation !== undefined),
  );
}
