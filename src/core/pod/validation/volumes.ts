import { goQuote } from "../../api/go-quote.ts";
import type { ObjectMeta, Volume } from "../../api/types.ts";
import { compareQuantities, quantityOrZero, ZERO_QUANTITY } from "../../quantity/index.ts";
import { byteLength } from "./byte-length.ts";
import { duplicate, type FieldError, forbidden, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "./names.ts";
import { validateEphemeralVolume } from "./volume-claim.ts";
import {
  validateConfigMapVolume,
  validateDownwardApiVolume,
  validateHostPath,
  validateProjectedVolume,
  validateSecretVolume,
} from "./volume-files.ts";
import * as network from "./volume-network.ts";

/** Volumes that are valid, by name: the only ones that containers can mount. */
export type ValidVolumes = ReadonlyMap<string, Volume>;

/** Source: core/validation ValidateVolumes. */
export function validateVolumes(
  volumes: readonly Volume[],
  meta: ObjectMeta,
  path: FieldPath,
): { readonly volumes: ValidVolumes; readonly errors: readonly FieldError[] } {
  const valid = new Map<string, Volume>();
  const errors: FieldError[] = [];
  const claims = new Set(
    volumes.filter((volume) => volume.ephemeral && meta.name).map((volume) => `${meta.name}-${volume.name}`),
  );
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index);
    const found = [...validateVolumeSource(volume, meta, at), ...validateName(volume.name, valid, at.child("name"))];
    if (found.length === 0) valid.set(volume.name, volume);
    errors.push(...found);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && claims.has(claim)) {
      const detail = "must not reference a PVC that gets created for an ephemeral volume";
      errors.push(invalid(at.child("persistentVolumeClaim").child("claimName"), claim, detail));
    }
  }
  return { volumes: valid, errors };
}

function validateName(name: string, seen: ValidVolumes, path: FieldPath): FieldError[] {
  const errors = name === "" ? [required(path)] : invalidEach(path, name, dnsLabelErrors(name));
  if (seen.has(name)) errors.push(duplicate(path, name));
  return errors;
}

type SourceName = Exclude<keyof Volume, "name">;
type SourceCheck<K extends SourceName> = (source: NonNullable<Volume[K]>, path: FieldPath) => FieldError[];

interface SourceRule {
  readonly field: SourceName;
  /** Where a second source is reported; some of the reference's words differ from the field's name. */
  readonly forbiddenAt: string;
  readonly check: (volume: Volume, path: FieldPath) => FieldError[];
}

function rule<K extends SourceName>(
  field: K,
  check: SourceCheck<K>,
  names: { readonly forbiddenAt?: string; readonly at?: string } = {},
): SourceRule {
  const { forbiddenAt = field, at = field } = names;
  return {
    field,
    forbiddenAt,
    check: (volume, path) => {
      const source = volume[field];
      return source === undefined ? [] : check(source, path.child(at));
    },
  };
}

const PULL_POLICIES: readonly string[] = ["Always", "IfNotPresent", "Never"];

/** In the order of the reference, which decides which of several sources is the one that counts. */
const RULES: readonly SourceRule[] = [
  rule("hostPath", validateHostPath),
  rule("gitRepo", network.validateGitRepo),
  rule("gcePersistentDisk", network.validateGcePersistentDisk, { at: "persistentDisk" }),
  rule("awsElasticBlockStore", network.validateAwsElasticBlockStore),
  rule("secret", validateSecretVolume),
  rule("nfs", network.validateNfs),
  rule("iscsi", network.validateIscsi),
  rule("glusterfs", network.validateGlusterfs),
  rule("flocker", network.validateFlocker),
  rule("persistentVolumeClaim", (claim, path) => (claim.claimName === "" ? [required(path.child("claimName"))] : [])),
  rule("rbd", network.validateRbd),
  rule("cinder", network.validateCinder),
  rule("cephfs", network.validateCephFs, { forbiddenAt: "cephFS" }),
  rule("quobyte", network.validateQuobyte),
  rule("downwardAPI", validateDownwardApiVolume, { forbiddenAt: "downwarAPI" }),
  rule("fc", network.validateFibreChannel),
  rule("flexVolume", network.validateFlexVolume),
  rule("configMap", validateConfigMapVolume),
  rule("azureFile", network.validateAzureFile),
  rule("vsphereVolume", (disk, path) => (disk.volumePath === "" ? [required(path.child("volumePath"))] : [])),
  rule("photonPersistentDisk", (disk, path) => (disk.pdID === "" ? [required(path.child("pdID"))] : [])),
  rule("portworxVolume", (volume, path) => (volume.volumeID === "" ? [required(path.child("volumeID"))] : [])),
  rule("azureDisk", network.validateAzureDisk),
  rule("storageos", network.validateStorageOs),
  rule("projected", validateProjectedVolume),
  rule("scaleIO", network.validateScaleIo),
  rule("csi", network.validateCsi),
  rule("ephemeral", validateEphemeralVolume),
  rule("image", validateImageVolume),
];

/** Source: core/validation validateImageVolumeSource. */
function validateImageVolume({ reference = "", pullPolicy = "" }: NonNullable<Volume["image"]>, path: FieldPath) {
  const errors = reference === "" ? [required(path.child("reference"))] : [];
  if (pullPolicy === "") return [...errors, required(path.child("pullPolicy"))];
  return PULL_POLICIES.includes(pullPolicy)
    ? errors
    : [...errors, notSupported(path.child("pullPolicy"), pullPolicy, PULL_POLICIES)];
}

function validateVolumeSource(volume: Volume, meta: ObjectMeta, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  if (volume.emptyDir !== undefined) {
    count += 1;
    const { sizeLimit } = volume.emptyDir;
    if (sizeLimit !== undefined && compareQuantities(quantityOrZero(sizeLimit), ZERO_QUANTITY) < 0) {
      const detail = "SizeLimit field must be a valid resource quantity";
      errors.push(forbidden(path.child("emptyDir").child("sizeLimit"), detail));
    }
  }
  for (const { field, forbiddenAt, check } of RULES) {
    if (volume[field] === undefined) continue;
    if (count > 0) errors.push(forbidden(path.child(forbiddenAt), "may not specify more than 1 volume type"));
    else {
      errors.push(...check(volume, path));
      if (field === "ephemeral") errors.push(...validateClaimName(volume.name, meta.name ?? "", path));
    }
    if (field === "iscsi") errors.push(...validateIscsiLength(volume, path));
    count += 1;
  }
  if (count === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

function validateIscsiLength({ name, iscsi }: Volume, path: FieldPath): FieldError[] {
  if (iscsi?.initiatorName === undefined || byteLength(`${name}:${iscsi.targetPortal}`) <= 64) return [];
  const detail =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  return [invalid(path.child("name"), name, detail)];
}

function validateClaimName(volumeName: string, podName: string, path: FieldPath): FieldError[] {
  if (podName === "" || volumeName === "") return [];
  const claim = `${podName}-${volumeName}`;
  return dnsSubdomainErrors(claim).map((error) =>
    invalid(path.child("name"), volumeName, `PVC name ${goQuote(claim)}: ${error}`),
  );
}
