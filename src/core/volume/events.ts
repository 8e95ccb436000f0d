/** What the volume manager is told, what it does, and why: all plain data. */
import type { MountedVolume, VolumePlace, VolumesState } from "./state.ts";

export interface WantedVolume {
  readonly name: string;
  /** Where known before it is mounted. */
  readonly place?: VolumePlace;
  /** Absent: no device. */
  readonly device?: { readonly name: string; readonly plugin: string };
}

/** A directory of a volume that an agent before this one has left. */
export interface FoundVolume {
  readonly place: VolumePlace;
  /** It is whole: a container may use it as it is. Absent: not known. */
  readonly mounted?: MountedVolume;
  readonly device?: { readonly name: string; readonly plugin: string };
}

export type OperationResult =
  /** Of a mount: what it made. */
  | { readonly kind: "done"; readonly mounted?: MountedVolume; readonly place?: VolumePlace }
  /** `leftNothing`: whatever it began is undone. */
  | { readonly kind: "failed"; readonly error: string; readonly leftNothing?: boolean };

/** What happened. `nowMs` is monotonic. */
export type VolumeEvent = {
  readonly nowMs: number;
} /** On the machine, before anything else is said about the pod. */ & (
  | { readonly kind: "found"; readonly uid: string; readonly volumes: readonly FoundVolume[] }
  /** The pod is to run with these. */
  | { readonly kind: "wanted"; readonly uid: string; readonly volumes: readonly WantedVolume[] }
  /** None of its containers runs any more. */
  | { readonly kind: "ended"; readonly uid: string }
  /** The source of what these volumes show has changed, or has come. */
  | { readonly kind: "stale"; readonly uid: string; readonly names: readonly string[] }
  | { readonly kind: "operated"; readonly uid: string; readonly name: string; readonly result: OperationResult }
  | { readonly kind: "deviceOperated"; readonly device: string; readonly result: OperationResult }
  /** A device that an agent before this one has left mounted. */
  | { readonly kind: "deviceFound"; readonly device: string; readonly plugin: string }
  /** What this plugin failed with may go well now. */
  | { readonly kind: "retryDevices"; readonly plugin: string }
  /** A `wakeAt` is due. */
  | { readonly kind: "wake"; readonly uid?: string }
);

/** What the agent does now. All of it at once: nothing here waits for another. */
export type VolumeAction =
  /** `again`: it is there already, and its content follows. */
  | { readonly kind: "mount"; readonly uid: string; readonly name: string; readonly again: boolean }
  | { readonly kind: "unmount"; readonly uid: string; readonly name: string; readonly place?: VolumePlace }
  /** For the sake of this volume. */
  | { readonly kind: "mountDevice"; readonly device: string; readonly uid: string; readonly name: string }
  | { readonly kind: "unmountDevice"; readonly device: string; readonly plugin: string }
  /** Send `wake` then, for this pod or for all devices; one that comes earlier makes a later one needless. */
  | { readonly kind: "wakeAt"; readonly uid?: string; readonly atMs: number };

/** Why. */
export type VolumeTrace =
  | { readonly what: "claimed"; readonly uid: string; readonly name: string }
  | {
      readonly what: "failed";
      readonly uid: string;
      readonly name: string;
      readonly error: string;
      readonly failures: number;
    }
  | { readonly what: "deviceFailed"; readonly device: string; readonly error: string; readonly failures: number }
  | { readonly what: "ready"; readonly uid: string }
  | { readonly what: "gone"; readonly uid: string };

export interface VolumesStep {
  readonly state: VolumesState;
  readonly plan: readonly VolumeAction[];
  readonly trace: readonly VolumeTrace[];
}
