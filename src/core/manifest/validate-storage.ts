import type { CsiDriver, PersistentVolumeClaim, StorageClass } from "../api/types.ts";
import { type FieldError, forbidden, invalidEach, notSupported, required } from "../pod/validation/field-error.ts";
import { FieldPath } from "../pod/validation/field-path.ts";
import { validateClusterObjectMeta, validateObjectMeta } from "../pod/validation/metadata.ts";
import { qualifiedNameErrors } from "../pod/validation/names.ts";
import { validateClaimSpec } from "../pod/validation/volume-claim.ts";
import { validateCsiDriverName } from "../pod/validation/volume-network.ts";
import type { StorageObject } from "../volume/storage-object.ts";
import { validatePersistentVolume } from "./validate-persistent-volume.ts";

const METADATA = FieldPath.of("metadata");
const SPEC = FieldPath.of("spec");

/** Everything wrong with an object (defaulted; a claim's namespace must be set), in Kubernetes' words. */
export function validateStorageObject(storage: StorageObject): readonly FieldError[] {
  switch (storage.kind) {
    case "PersistentVolume":
      return validatePersistentVolume(storage.object);
    case "PersistentVolumeClaim":
      return validateClaim(storage.object);
    case "StorageClass":
      return validateClass(storage.object);
    case "CSIDriver":
      return validateDriver(storage.object);
  }
}

/** Source: core/validation ValidatePersistentVolumeClaim. */
function validateClaim({ metadata = {}, spec = {} }: PersistentVolumeClaim): readonly FieldError[] {
  return [...validateObjectMeta(metadata, METADATA), ...validateClaimSpec(spec, SPEC)];
}

const CLASS_POLICIES = ["Delete", "Retain"];
const BINDING_MODES = ["Immediate", "WaitForFirstConsumer"];

/** Source: storage/validation ValidateStorageClass. */
function validateClass(storageClass: StorageClass): readonly FieldError[] {
  const { metadata = {}, provisioner, reclaimPolicy, volumeBindingMode } = storageClass;
  const errors = validateClusterObjectMeta(metadata, METADATA);
  const at = FieldPath.of("provisioner");
  if (provisioner === "") errors.push(required(at));
  else errors.push(...invalidEach(at, provisioner, qualifiedNameErrors(provisioner.toLowerCase())));
  for (const key of Object.keys(storageClass.parameters ?? {})) {
    if (key === "") errors.push(required(FieldPath.of("parameters"), "Parameter keys may not be empty"));
  }
  if (reclaimPolicy !== undefined && !CLASS_POLICIES.includes(reclaimPolicy)) {
    errors.push(notSupported(FieldPath.of("reclaimPolicy"), reclaimPolicy, CLASS_POLICIES));
  }
  if (volumeBindingMode !== undefined && !BINDING_MODES.includes(volumeBindingMode)) {
    errors.push(notSupported(FieldPath.of("volumeBindingMode"), volumeBindingMode, BINDING_MODES));
  }
  return errors;
}

const GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const LIFECYCLE_MODES = ["Ephemeral", "Persistent"];

/** Source: storage/validation ValidateCSIDriver. */
function validateDriver({ metadata = {}, spec }: CsiDriver): readonly FieldError[] {
  const errors = metadata.namespace ? [forbidden(METADATA.child("namespace"), "not allowed on this type")] : [];
  errors.push(...validateCsiDriverName(metadata.name ?? "", METADATA.child("name")));
  const { fsGroupPolicy, volumeLifecycleModes = [] } = spec;
  if (fsGroupPolicy !== undefined && !GROUP_POLICIES.includes(fsGroupPolicy)) {
    errors.push(notSupported(SPEC.child("fsGroupPolicy"), fsGroupPolicy, GROUP_POLICIES));
  }
  for (const mode of volumeLifecycleModes) {
    if (LIFECYCLE_MODES.includes(mode)) continue;
    errors.push(notSupported(SPEC.child("volumeLifecycleModes"), mode, LIFECYCLE_MODES));
  }
  return errors;
}
