import type { CsiDriver, PersistentVolume, PersistentVolumeClaim, StorageClass } from "../api/types.ts";

/** An object that volumes are made of. All but the claim are the whole node's and have no namespace. */
export type StorageObject =
  | { readonly kind: "PersistentVolume"; readonly object: PersistentVolume }
  | { readonly kind: "PersistentVolumeClaim"; readonly object: PersistentVolumeClaim }
  | { readonly kind: "StorageClass"; readonly object: StorageClass }
  | { readonly kind: "CSIDriver"; readonly object: CsiDriver };

/** All of them, by name; claims by "namespace/name". */
export interface StorageObjects {
  readonly volumes: ReadonlyMap<string, PersistentVolume>;
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly classes: ReadonlyMap<string, StorageClass>;
  readonly drivers: ReadonlyMap<string, CsiDriver>;
}

/** Kinds whose objects have no namespace. */
export const CLUSTER_KINDS: ReadonlySet<string> = new Set(["PersistentVolume", "StorageClass", "CSIDriver"]);

/** The objects of each kind; of two with one name the later counts. */
export function groupStorageObjects(objects: readonly StorageObject[]): StorageObjects {
  const volumes = new Map<string, PersistentVolume>();
  const claims = new Map<string, PersistentVolumeClaim>();
  const classes = new Map<string, StorageClass>();
  const drivers = new Map<string, CsiDriver>();
  for (const { kind, object } of objects) {
    const name = object.metadata?.name ?? "";
    if (kind === "PersistentVolume") volumes.set(name, object);
    else if (kind === "PersistentVolumeClaim") claims.set(`${object.metadata?.namespace ?? "default"}/${name}`, object);
    else if (kind === "StorageClass") classes.set(name, object);
    else drivers.set(name, object);
  }
  return { volumes, claims, classes, drivers };
}
