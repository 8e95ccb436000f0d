/**
 * What the volume manager asks of a kind of volume. The manager calls one operation at a time on one volume, tries again
 * after failures, and tells of them; a plugin only does it. Source: kubelet pkg/volume/plugins.go.
 */
import type { Pod, Volume } from "../../core/api/types.ts";
import type { FoundVolume } from "../../core/volume/events.ts";
import type { MountedVolume, VolumePlace } from "../../core/volume/state.ts";

/** A volume of a pod's spec. */
export interface PodVolume {
  readonly uid: string;
  readonly pod: Pod;
  readonly volume: Volume;
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

export interface VolumePlugin {
  /** "kubernetes.io/configmap"; with "~" for "/" the name of its directory in a pod's `volumes`. */
  readonly name: string;
  supports(volume: Volume): boolean;
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
