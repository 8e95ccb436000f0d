/** Claims and volumes as tables, in kubectl's columns. */
import type { PersistentVolume, PersistentVolumeClaim } from "../../core/api/types.ts";
import { ageText, type ToRows, withNamespaces } from "./tables.ts";

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function modesText(modes: readonly string[] | undefined): string {
  return (modes ?? []).map((mode) => SHORT_MODES[mode] ?? mode).join(",");
}

export const claimRows: ToRows<PersistentVolumeClaim> = (objects, options) => {
  const rows = objects.map(({ metadata, spec = {}, status = {} }) => [
    metadata?.name ?? "",
    status.phase ?? "",
    status.phase === "Pending" ? "" : (spec.volumeName ?? ""),
    status.capacity?.["storage"] ?? "",
    modesText(status.accessModes),
    spec.storageClassName ?? "",
    ageText(metadata?.creationTimestamp, options.nowMs),
  ]);
  const titles = ["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "AGE"];
  return withNamespaces(titles, objects, rows, options);
};

export const volumeRows: ToRows<PersistentVolume> = (objects, options) => [
  ["NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS", "AGE"],
  ...objects.map(({ metadata, spec = {}, status = {} }) => [
    metadata?.name ?? "",
    spec.capacity?.["storage"] ?? "",
    modesText(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? "",
    status.phase ?? "",
    spec.claimRef === undefined ? "" : `${spec.claimRef.namespace ?? "default"}/${spec.claimRef.name ?? ""}`,
    spec.storageClassName ?? "",
    ageText(metadata?.creationTimestamp, options.nowMs),
  ]),
];
