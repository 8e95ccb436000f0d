import type { FoundVolume } from "../core/volume/events.ts";
import type { VolumePlace } from "../core/volume/state.ts";

/**
 * The volumes of pods on the machine's own filesystems, each in `<pods>/<uid>/volumes/<kind>/<name>`. Everything is
 * idempotent: what is there already stays. Nothing is ever deleted through a mount point.
 */
export interface VolumeFiles {
  /** What lies in the pod's directory of volumes, unordered; nothing for a pod without one. */
  listVolumes(uid: string): Promise<readonly FoundVolume[]>;
  /**
   * Directory of an emptyDir, created where missing; "Memory" is a tmpfs of `sizeLimitBytes` (absent: no limit of its own).
   * One that is there keeps the mode and owners that its containers have given it.
   */
  emptyDir(uid: string, volume: string, options: EmptyDirOptions): Promise<string>;
  /**
   * Puts `files` into a volume directory, all at once (readers see the old set or the new one, never a mixture). When it
   * fails the old set stays whole.
   */
  writePayload(uid: string, volume: PayloadVolume, files: readonly PayloadFile[]): Promise<string>;
  /** Checks (and for `...OrCreate` creates) a hostPath; rejects with `HostError` in the kubelet's words. */
  hostPath(path: string, type: string): Promise<string>;
  /** Lets the members of a group use everything below `path`. Mount points below it are left out. */
  setGroup(path: string, ownership: GroupOwnership): Promise<void>;
  /**
   * Existing path below `volumePath` for a subPath mount, created as a directory where missing, never outside of it.
   * With `holder` the path is a bind mount under the pod's directory, so that a container that writes into the volume
   * cannot move the place away before the runtime mounts it; `removeVolume` takes it away.
   */
  subPath(volumePath: string, subPath: string, holder?: SubPathHolder): Promise<string>;
  /**
   * Unmounts what containers hold of the volume (its subPaths), then what is mounted at its place and below, and removes
   * the directory. `place` absent: it has none of its own (hostPath). `false`: something is in use and stays, whole.
   */
  removeVolume(uid: string, name: string, place?: VolumePlace): Promise<boolean>;
}

/** `medium`: "", "Memory", "HugePages" or "HugePages-<size>"; `hugePageBytes` is the page size where the medium names none. */
export interface EmptyDirOptions {
  readonly medium: string;
  readonly sizeLimitBytes?: number;
  readonly hugePageBytes?: number;
  /** It belongs to this group. Absent: to root's. */
  readonly groupId?: number;
}

/** Whose subPath mount it is; `index` counts the container's volume mounts. */
export interface SubPathHolder {
  readonly uid: string;
  readonly volume: string;
  readonly container: string;
  readonly index: number;
}

/** `kind` is the plugin directory name of the kubelet: "kubernetes.io~configmap", "kubernetes.io~secret" ... */
export interface PayloadVolume {
  readonly kind: string;
  readonly name: string;
  /** true: on tmpfs, never on a disk (secrets). */
  readonly inMemory: boolean;
  /** The files belong to this group, which may read them. Absent: to root's. */
  readonly groupId?: number;
}

export interface PayloadFile {
  /** Relative, without "..". */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
  /** Absent: root. */
  readonly ownerId?: number;
}

/** Source: kubelet volume_linux.go SetVolumeOwnership. */
export interface GroupOwnership {
  readonly groupId: number;
  /** `OnRootMismatch`: nothing is done where the top directory has the group and its rights already. */
  readonly policy: "Always" | "OnRootMismatch";
  /** The group may read only. */
  readonly readOnly: boolean;
}
