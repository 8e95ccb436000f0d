/** Whether a volume serves a claim. Source: volume/persistentvolume volume FindMatchingVolume, checkVolumeSatisfyClaim. */
import { matchesLabels, matchesNode } from "../../api/label-selector.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types.ts";
import { compareQuantities, type Quantity, quantityOrZero } from "../../quantity/index.ts";

/** This node, as volumes' affinities see it. */
export interface VolumeNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/** Class that a claim names; `undefined`: it leaves that to the default class. Source: GetPersistentVolumeClaimClass. */
export function claimClass(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata?.annotations?.[CLASS_ANNOTATION] ?? claim.spec?.storageClassName;
}

export function volumeClass(volume: PersistentVolume): string {
  return volume.metadata?.annotations?.[CLASS_ANNOTATION] ?? volume.spec?.storageClassName ?? "";
}

export function capacityOf(volume: PersistentVolume): Quantity {
  return quantityOrZero(volume.spec?.capacity?.["storage"]);
}

/** Why a volume that the claim names does not do, in the words of the reference's events; absent: it does. */
export function whyUnfit(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
  className: string,
): string | undefined {
  const { spec = {} } = volume;
  if (compareQuantities(capacityOf(volume), requestOf(claim)) < 0) return "requested PV is too small";
  if (volumeClass(volume) !== className) return "storageClassName does not match";
  if ((spec.volumeMode ?? "Filesystem") !== (claim.spec?.volumeMode ?? "Filesystem")) return "incompatible volumeMode";
  return hasModes(volume, claim) ? undefined : "incompatible accessMode";
}

/** Whether a claim that names no volume may get this one. */
export function fits(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
  className: string,
  node: VolumeNode,
): boolean {
  const selector = claim.spec?.selector;
  if (selector !== undefined && !matchesLabels(selector, volume.metadata?.labels ?? {})) return false;
  return isReachable(volume, node) && whyUnfit(volume, claim, className) === undefined;
}

/** Whether the volume's affinity lets this node use it. */
export function isReachable(volume: PersistentVolume, node: VolumeNode): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || matchesNode(required, node);
}

function requestOf(claim: PersistentVolumeClaim): Quantity {
  return quantityOrZero(claim.spec?.resources?.requests?.["storage"]);
}

function hasModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const offered = new Set(volume.spec?.accessModes ?? []);
  return (claim.spec?.accessModes ?? []).every((mode) => offered.has(mode));
}
