import type {
  CsiDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  StorageClass,
} from "../api/types.ts";
import { defaultResourceList, defaultResources } from "../pod/defaults-resources.ts";
import type { StorageObject } from "../volume/storage-object.ts";

/** The object with its defaults. Source: core/v1 and storage/v1 defaults.go, 1.26. */
export function defaultStorageObject(storage: StorageObject): StorageObject {
  switch (storage.kind) {
    case "PersistentVolume":
      return { kind: storage.kind, object: defaultVolume(storage.object) };
    case "PersistentVolumeClaim":
      return { kind: storage.kind, object: defaultClaim(storage.object) };
    case "StorageClass":
      return { kind: storage.kind, object: defaultClass(storage.object) };
    case "CSIDriver":
      return { kind: storage.kind, object: defaultDriver(storage.object) };
  }
}

function defaultVolume(volume: PersistentVolume): PersistentVolume {
  return {
    ...volume,
    spec: defaultVolumeSpec(volume.spec ?? {}),
    status: { ...volume.status, phase: volume.status?.phase || "Pending" },
  };
}

function defaultVolumeSpec(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  const { capacity, hostPath, iscsi } = spec;
  return {
    ...spec,
    ...(capacity && { capacity: defaultResourceList(capacity) }),
    ...(hostPath && { hostPath: { ...hostPath, type: hostPath.type ?? "" } }),
    ...(iscsi && { iscsi: { ...iscsi, iscsiInterface: iscsi.iscsiInterface || "default" } }),
    persistentVolumeReclaimPolicy: spec.persistentVolumeReclaimPolicy || "Retain",
    volumeMode: spec.volumeMode ?? "Filesystem",
  };
}

function defaultClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const spec = claim.spec ?? {};
  return {
    ...claim,
    spec: {
      ...spec,
      ...(spec.resources && { resources: defaultResources(spec.resources, false) }),
      volumeMode: spec.volumeMode ?? "Filesystem",
    },
    status: { ...claim.status, phase: claim.status?.phase || "Pending" },
  };
}

function defaultClass(storageClass: StorageClass): StorageClass {
  return {
    ...storageClass,
    reclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
    volumeBindingMode: storageClass.volumeBindingMode ?? "Immediate",
  };
}

function defaultDriver(driver: CsiDriver): CsiDriver {
  const { spec } = driver;
  const modes = spec.volumeLifecycleModes ?? [];
  return {
    ...driver,
    spec: {
      ...spec,
      attachRequired: spec.attachRequired ?? true,
      podInfoOnMount: spec.podInfoOnMount ?? false,
      storageCapacity: spec.storageCapacity ?? false,
      fsGroupPolicy: spec.fsGroupPolicy ?? "ReadWriteOnceWithFSType",
      volumeLifecycleModes: modes.length === 0 ? ["Persistent"] : modes,
      requiresRepublish: spec.requiresRepublish ?? false,
    },
  };
}
