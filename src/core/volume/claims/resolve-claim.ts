/**
 * The storage behind a pod's volume that names a claim, or why the pod has to wait.
 * Source of the texts: kubelet volumemanager/populator desired_state_of_world_populator.go createVolumeSpec.
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "../../api/types.ts";
import type { StorageObjects } from "../storage-object.ts";
import type { BindResult } from "./bind-claims.ts";
import { bindingKey, claimKey, claimOwner } from "./binding.ts";
import { podClaimName } from "./pod-claims.ts";

export type ClaimedStorage =
  | {
      readonly kind: "volume";
      readonly claim: PersistentVolumeClaim;
      readonly volume: PersistentVolume;
      readonly readOnly: boolean;
    }
  | {
      readonly kind: "directory";
      readonly claim: PersistentVolumeClaim;
      readonly path: string;
      readonly readOnly: boolean;
    };

export interface ClaimWorld {
  readonly storage: StorageObjects;
  /** Claims made for pods, by "namespace/name". */
  readonly podClaims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly bound: BindResult;
}

/** `undefined`: the volume names no claim. */
export function resolveClaim(
  pod: Pod,
  volume: Volume,
  world: ClaimWorld,
): ClaimedStorage | { readonly error: string } | undefined {
  const name = volume.ephemeral === undefined ? volume.persistentVolumeClaim?.claimName : podClaimName(pod, volume);
  if (name === undefined) return undefined;
  const key = `${pod.metadata?.namespace ?? "default"}/${name}`;
  const claim = world.storage.claims.get(key) ?? world.podClaims.get(key);
  const failed = (why: string) => ({ error: `error processing PVC ${key}: ${why}` });
  if (claim === undefined) {
    return failed(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`);
  }
  if (volume.ephemeral !== undefined && claimOwner(claim) !== pod.metadata?.uid) {
    const { namespace = "default", name: podName = "" } = pod.metadata ?? {};
    return failed(`PVC ${key} was not created for pod ${namespace}/${podName} (pod is not owner)`);
  }
  const found = storageOf(claim, volume, world);
  if (found === undefined) return failed(notBound(world.bound.pending.get(key)));
  const wrongUse = misuse(pod, volume.name, found);
  return wrongUse === undefined ? found : { error: wrongUse };
}

/** A filesystem that is asked for as a device, or a device that is to be mounted. */
function misuse(pod: Pod, name: string, storage: ClaimedStorage): string | undefined {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  const isUsed = (field: "volumeMounts" | "volumeDevices") =>
    all.some((container) => (container[field] ?? []).some((use) => use.name === name));
  const isBlock = storage.kind === "volume" && storage.volume.spec?.volumeMode === "Block";
  if (isBlock && isUsed("volumeMounts")) {
    return `volume ${name} has volumeMode Block, but is specified in volumeMounts`;
  }
  if (!isBlock && isUsed("volumeDevices")) {
    return `volume ${name} has volumeMode Filesystem, but is specified in volumeDevices`;
  }
  return undefined;
}

/** Differs: the kubelet does not say why; only the events of a controller do. */
function notBound(why: string | undefined): string {
  return why === undefined ? "PVC is not bound" : `PVC is not bound: ${why}`;
}

function storageOf(claim: PersistentVolumeClaim, volume: Volume, world: ClaimWorld): ClaimedStorage | undefined {
  const binding = world.bound.bindings.get(bindingKey(claimKey(claim), claimOwner(claim)));
  if (binding === undefined) return undefined;
  const readOnly = volume.persistentVolumeClaim?.readOnly === true;
  const { to } = binding;
  if (to.kind === "directory") return { kind: "directory", claim, path: to.path, readOnly };
  const found = world.storage.volumes.get(to.name);
  return found === undefined ? undefined : { kind: "volume", claim, volume: found, readOnly };
}

/** Both lead to the same data. */
export function isSameStorage(a: ClaimedStorage, b: ClaimedStorage | { readonly error: string }): boolean {
  if ("error" in b) return false;
  if (a.kind === "directory") return b.kind === "directory" && a.path === b.path;
  return b.kind === "volume" && a.volume.metadata?.name === b.volume.metadata?.name;
}

const NO_SOURCES: ReadonlySet<string> = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

/** Kind of a volume by the field of its spec, "hostPath". */
export function volumeSourceOf(volume: PersistentVolume): string {
  return Object.keys(volume.spec ?? {}).find((key) => !NO_SOURCES.has(key)) ?? "none";
}
