import type { PersistentVolume, PersistentVolumeSpec } from "../api/types.ts";
import { validateNodeSelector } from "../pod/validation/affinity.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../pod/validation/field-error.ts";
import { FieldPath } from "../pod/validation/field-path.ts";
import { validateClusterObjectMeta } from "../pod/validation/metadata.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "../pod/validation/names.ts";
import { validateNoBacksteps } from "../pod/validation/paths.ts";
import { ACCESS_MODES, VOLUME_MODES } from "../pod/validation/volume-claim.ts";
import { validateHostPath } from "../pod/validation/volume-files.ts";
import * as network from "../pod/validation/volume-network.ts";
import { compareQuantities, formatQuantity, quantityOrZero, ZERO_QUANTITY } from "../quantity/index.ts";

const SPEC = FieldPath.of("spec");
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];

type SourceName = Extract<
  keyof PersistentVolumeSpec,
  | "awsElasticBlockStore"
  | "azureDisk"
  | "azureFile"
  | "cephfs"
  | "cinder"
  | "csi"
  | "fc"
  | "flexVolume"
  | "flocker"
  | "gcePersistentDisk"
  | "glusterfs"
  | "hostPath"
  | "iscsi"
  | "local"
  | "nfs"
  | "photonPersistentDisk"
  | "portworxVolume"
  | "quobyte"
  | "rbd"
  | "scaleIO"
  | "storageos"
  | "vsphereVolume"
>;

type SourceCheck<K extends SourceName> = (
  source: NonNullable<PersistentVolumeSpec[K]>,
  path: FieldPath,
) => readonly FieldError[];

const unchecked = (): readonly FieldError[] => [];

/**
 * In the order of the reference. Differs: sources that no node here can mount are not looked into; a pod that uses one
 * is told so.
 */
const CHECKS: { readonly [K in SourceName]: SourceCheck<K> } = {
  hostPath: validateHostPath,
  gcePersistentDisk: network.validateGcePersistentDisk,
  awsElasticBlockStore: network.validateAwsElasticBlockStore,
  glusterfs: unchecked,
  flocker: network.validateFlocker,
  nfs: network.validateNfs,
  rbd: unchecked,
  quobyte: network.validateQuobyte,
  cephfs: unchecked,
  iscsi: validateIscsi,
  cinder: unchecked,
  fc: network.validateFibreChannel,
  flexVolume: unchecked,
  azureFile: unchecked,
  vsphereVolume: unchecked,
  photonPersistentDisk: unchecked,
  portworxVolume: unchecked,
  azureDisk: network.validateAzureDisk,
  scaleIO: unchecked,
  local: (source, path) => {
    if (source.path === "") return [required(path.child("path"))];
    return validateNoBacksteps(source.path, path.child("path"));
  },
  storageos: unchecked,
  csi: validateCsi,
};

/** Everything wrong with a volume (defaulted). Source: core/validation ValidatePersistentVolume. */
export function validatePersistentVolume(volume: PersistentVolume): readonly FieldError[] {
  const spec = volume.spec ?? {};
  const errors = validateClusterObjectMeta(volume.metadata ?? {}, FieldPath.of("metadata"));
  errors.push(...validateAccessModes(spec.accessModes ?? []), ...validateCapacity(spec.capacity ?? {}));
  const policy = spec.persistentVolumeReclaimPolicy ?? "";
  const policyAt = SPEC.child("persistentVolumeReclaimPolicy");
  if (policy !== "" && !RECLAIM_POLICIES.includes(policy))
    errors.push(notSupported(policyAt, policy, RECLAIM_POLICIES));
  errors.push(...validateAffinity(spec), ...validateSources(spec));
  if (/^\/+$/.test(spec.hostPath?.path ?? "") && policy === "Recycle") {
    errors.push(forbidden(policyAt, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  const { storageClassName = "", volumeMode } = spec;
  if (storageClassName !== "") {
    errors.push(...invalidEach(SPEC.child("storageClassName"), storageClassName, dnsSubdomainErrors(storageClassName)));
  }
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) {
    errors.push(notSupported(SPEC.child("volumeMode"), volumeMode, VOLUME_MODES));
  }
  return errors;
}

function validateAccessModes(modes: readonly string[]): readonly FieldError[] {
  const at = SPEC.child("accessModes");
  if (modes.length === 0) return [required(at)];
  const unsupported = modes.filter((mode) => !ACCESS_MODES.includes(mode));
  const errors = unsupported.map((mode) => notSupported(at, mode, ACCESS_MODES));
  const isMixed = modes.includes("ReadWriteOncePod") && unsupported.length < modes.length;
  return isMixed ? [...errors, forbidden(at, "may not use ReadWriteOncePod with other access modes")] : errors;
}

function validateCapacity(capacity: Readonly<Record<string, string>>): readonly FieldError[] {
  const at = SPEC.child("capacity");
  const entries = Object.entries(capacity);
  const errors = entries.length === 0 ? [required(at)] : [];
  if (!Object.hasOwn(capacity, "storage") || entries.length > 1) {
    // Differs: the reference shows the quantities as Go source, too.
    errors.push(notSupported(at, entries.map(([name]) => name).join(", "), ["storage"]));
  }
  for (const [name, text] of entries) {
    const quantity = quantityOrZero(text);
    if (compareQuantities(quantity, ZERO_QUANTITY) > 0) continue;
    errors.push(invalid(at.key(name), formatQuantity(quantity), "must be greater than zero"));
  }
  return errors;
}

function validateAffinity({ nodeAffinity, local }: PersistentVolumeSpec): readonly FieldError[] {
  const at = SPEC.child("nodeAffinity");
  if (nodeAffinity === undefined) return local ? [required(at, "Local volume requires node affinity")] : [];
  const { required: selector } = nodeAffinity;
  if (selector === undefined) return [required(at.child("required"), "must specify required node constraints")];
  return validateNodeSelector(selector, at.child("required"));
}

function validateSources(spec: PersistentVolumeSpec): readonly FieldError[] {
  const names = (Object.keys(CHECKS) as SourceName[]).filter((name) => spec[name] !== undefined);
  const [first, ...others] = names;
  if (first === undefined) return [required(SPEC, "must specify a volume type")];
  return [
    ...validateSource(first, spec),
    ...others.map((name) => forbidden(SPEC.child(name), "may not specify more than 1 volume type")),
  ];
}

function validateSource<K extends SourceName>(name: K, spec: PersistentVolumeSpec): readonly FieldError[] {
  const source = spec[name];
  const check: SourceCheck<K> = CHECKS[name];
  return source === undefined ? [] : check(source as NonNullable<PersistentVolumeSpec[K]>, SPEC.child(name));
}

type SecretReference = NonNullable<NonNullable<PersistentVolumeSpec["csi"]>["nodePublishSecretRef"]>;

function validateIscsi(
  { secretRef, ...source }: NonNullable<PersistentVolumeSpec["iscsi"]>,
  path: FieldPath,
): readonly FieldError[] {
  const name = secretRef === undefined ? {} : { secretRef: { name: secretRef.name ?? "" } };
  const errors = network.validateIscsi({ ...source, ...name }, path);
  return secretRef !== undefined && !secretRef.name ? [...errors, required(path.child("secretRef", "name"))] : errors;
}

const SECRETS = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
  "nodeStageSecretRef",
] as const;

function validateCsi(source: NonNullable<PersistentVolumeSpec["csi"]>, path: FieldPath): readonly FieldError[] {
  const errors = network.validateCsiDriverName(source.driver, path.child("driver"));
  if (source.volumeHandle === "") errors.push(required(path.child("volumeHandle")));
  for (const field of SECRETS) {
    const reference = source[field];
    if (reference !== undefined) errors.push(...validateSecretReference(reference, path.child(field)));
  }
  return errors;
}

/** Source: core/validation validatePVSecretReference. */
function validateSecretReference({ name, namespace }: SecretReference, path: FieldPath): readonly FieldError[] {
  return [
    ...(name ? invalidEach(path.child("name"), name, dnsSubdomainErrors(name)) : [required(path.child("name"))]),
    ...(namespace
      ? invalidEach(path.child("namespace"), namespace, dnsLabelErrors(namespace))
      : [required(path.child("namespace"))]),
  ];
}
