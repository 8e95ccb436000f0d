/**
 * What the volume manager asks of a kind of volume. The manager calls one operation at a time on one volume, tries again
 * after failures, and tells of them; a plugin only does it. Source: kubelet pkg/volume/plugins.go.
 */
import type { Pod, Volume } from "../../core/api/types.ts";
import type { DiskUsage, FilesystemObservation } from "../../core/stats/observations.ts";
import type { ClaimedStorage } from "../../core/volume/claims/resolve-claim.ts";
import type { FoundVolume } from "../../core/volume/events.ts";
import type { MountedVolume, VolumePlace } from "../../core/volume/state.ts";

/** A volume of a pod's spec. */
export interface PodVolume {
  readonly uid: string;
  readonly pod: Pod;
  readonly volume: Volume;
  /** What is behind the claim that it names, or why nothing is. Absent: it names none. */
  readonly claimed?: ClaimedStorage | { readonly error: string };
}

/** A mount that is done, or why it cannot be done now, in the kubelet's words. What is thrown counts as `error`. */
export type MountOutcome =
  | {
      readonly mounted: MountedVolume;
      /** Where it lies, if `place` could not tell before. */
      readonly place?: VolumePlace;
      /** Mount it again then, even if nothing happens; milliseconds since 1970. */
      readonly refreshAtMs?: number;
    }
  | { readonly error: string };

export type VolumeMeasure =
  /** By counting what is in it. */
  | { readonly kind: "directory" }
  /** It is a whole filesystem. */
  | { readonly kind: "filesystem" }
  | {
      readonly kind: "figures";
      readonly usage: Pick<DiskUsage, "usedBytes" | "inodesUsed">;
      readonly room: Pick<FilesystemObservation, "capacityBytes" | "availableBytes" | "inodes" | "inodesFree">;
      /** Its driver says that something is wrong with it. Absent: it does not tell. */
      readonly isAbnormal?: boolean;
    };

export interface VolumePlugin {
  /** "kubernetes.io/configmap"; with "~" for "/" the name of its directory in a pod's `volumes`. */
  readonly name: string;
  /** A volume that names no claim. */
  supports(volume: Volume): boolean;
  /** What is behind a claim. Absent: of its kind there is nothing behind claims. */
  supportsClaimed?(storage: ClaimedStorage): boolean;
  /** Absent or `undefined`: it has no directory, or one that only `mount` can tell. */
  place?(volume: PodVolume): VolumePlace | undefined;
  /** Objects whose content it shows, as `objectKey` names them: a change of one mounts it again. */
  sources?(volume: PodVolume): readonly string[];
  /** It shows fields of the pod: every new version of the pod mounts it again. */
  readonly followsPod?: boolean;
  /** Idempotent; also called for what is mounted, to bring it up to date in place. */
  mount(volume: PodVolume, signal: AbortSignal): Promise<MountOutcome>;
  /**
   * Takes away what is not in the pod's directory of volumes or needs more than unmounting; what is at `place` goes after
   * it. Must do with what an agent before this one has left: there `volume` is absent.
   */
  unmount?(uid: string, place: VolumePlace | undefined, volume: PodVolume | undefined): Promise<void>;

  /** Name of what is mounted once on the node for all pods that use it; `undefined`: nothing is. */
  device?(volume: PodVolume): string | undefined;
  mountDevice?(device: string, volume: PodVolume, signal: AbortSignal): Promise<{ readonly error?: string }>;
  unmountDevice?(device: string): Promise<void>;
  /** Devices that an agent before this one has left. */
  leftDevices?(): Promise<readonly string[]>;
  /**
   * How it is found out what the volume at `path` takes and how much room it has; `undefined`: nobody can tell. Absent:
   * it has no figures of its own.
   */
  measure?(volume: PodVolume, path: string, signal: AbortSignal): Promise<VolumeMeasure | undefined>;
  /** Says more about a directory that was found (its device, that it is whole). */
  recognize?(uid: string, found: FoundVolume): Promise<FoundVolume>;
}

export type ObjectKind = "configMap" | "secret" | "persistentVolumeClaim";

/** How `sources` and the manager's `changed` name an object. */
export function objectKey(kind: ObjectKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

export function namespaceOf(pod: Pod): string {
  return pod.metadata?.namespace ?? "default";
}
