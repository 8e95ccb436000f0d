import type { ObjectMeta, Volume } from "../../api/types.ts";
import { compareQuantities, formatQuantity, quantityOrZero, ZERO_QUANTITY } from "../../quantity/index.ts";
import { type FieldError, forbidden, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct, pointer } from "./go-struct.ts";
import { validateLabelSelector, validateLabels } from "./labels.ts";
import { validateAnnotations } from "./metadata.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "./names.ts";

/** Of claims and volumes, in the order in which messages show them. */
export const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce"];
export const VOLUME_MODES = ["Block", "Filesystem"];

type Ephemeral = NonNullable<Volume["ephemeral"]>;
type ClaimSpec = NonNullable<Ephemeral["volumeClaimTemplate"]>["spec"];

/** Source: core/validation validateEphemeralVolumeSource, ValidatePersistentVolumeClaimTemplate. */
export function validateEphemeralVolume(source: Ephemeral, path: FieldPath): FieldError[] {
  const template = source.volumeClaimTemplate;
  const at = path.child("volumeClaimTemplate");
  if (template === undefined) return [required(at)];
  return [
    ...validateTemplateMeta(template.metadata ?? {}, at.child("metadata")),
    ...validateClaimSpec(template.spec, at.child("spec")),
  ];
}

/** Fields of metadata that a template must not set, in Go's order, with the name Go's field gives them. */
const FORBIDDEN_META: readonly (readonly [keyof ObjectMeta, string])[] = [
  ["name", "name"],
  ["generateName", "generateName"],
  ["namespace", "namespace"],
  ["selfLink", "selfLink"],
  ["uid", "uID"],
  ["resourceVersion", "resourceVersion"],
  ["generation", "generation"],
  ["creationTimestamp", "creationTimestamp"],
  ["deletionTimestamp", "deletionTimestamp"],
  ["deletionGracePeriodSeconds", "deletionGracePeriodSeconds"],
  ["ownerReferences", "ownerReferences"],
  ["finalizers", "finalizers"],
  ["managedFields", "managedFields"],
];

function validateTemplateMeta(meta: ObjectMeta, path: FieldPath): FieldError[] {
  return [
    ...validateAnnotations(meta.annotations, path.child("annotations")),
    ...validateLabels(meta.labels, path.child("labels")),
    ...FORBIDDEN_META.filter(([field]) => meta[field] !== undefined).map(([, name]) =>
      forbidden(path.child(name), "cannot be set"),
    ),
  ];
}

/** Source: core/validation ValidatePersistentVolumeClaimSpec. */
export function validateClaimSpec(spec: ClaimSpec, path: FieldPath): FieldError[] {
  const errors = validateAccessModes(spec, path);
  errors.push(...validateStorageRequest(spec, path.child("resources").key("storage")));
  const { storageClassName, volumeMode, dataSource, dataSourceRef } = spec;
  if (storageClassName) {
    errors.push(...invalidEach(path.child("storageClassName"), storageClassName, dnsSubdomainErrors(storageClassName)));
  }
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) {
    errors.push(notSupported(path.child("volumeMode"), volumeMode, VOLUME_MODES));
  }
  if (dataSource !== undefined) errors.push(...validateDataSource(dataSource, path.child("dataSource")));
  if (dataSourceRef !== undefined) errors.push(...validateDataSource(dataSourceRef, path.child("dataSourceRef")));
  const namespace = dataSourceRef?.namespace;
  if (namespace) {
    const at = path.child("dataSourceRef").child("namespace");
    errors.push(...invalidEach(at, namespace, dnsLabelErrors(namespace)));
  }
  errors.push(...validateDataSourcePair(spec, path));
  return errors;
}

function validateAccessModes(spec: ClaimSpec, path: FieldPath): FieldError[] {
  const at = path.child("accessModes");
  const modes = spec.accessModes ?? [];
  const errors = modes.length === 0 ? [required(at, "at least 1 access mode is required")] : [];
  errors.push(...validateLabelSelector(spec.selector, path.child("selector")));
  const unsupported = modes.filter((mode) => !ACCESS_MODES.includes(mode));
  errors.push(...unsupported.map((mode) => notSupported(at, mode, ACCESS_MODES)));
  if (modes.includes("ReadWriteOncePod") && unsupported.length < modes.length) {
    errors.push(forbidden(at, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

function validateStorageRequest(spec: ClaimSpec, path: FieldPath): FieldError[] {
  const request = spec.resources?.requests?.["storage"];
  if (request === undefined) return [required(path)];
  const quantity = quantityOrZero(request);
  if (compareQuantities(quantity, ZERO_QUANTITY) > 0) return [];
  return [invalid(path, formatQuantity(quantity), "must be greater than zero")];
}

interface DataSource {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function validateDataSource(source: DataSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (source.name === "") errors.push(required(path.child("name")));
  if (source.kind === "") errors.push(required(path.child("kind")));
  if (!source.apiGroup && source.kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(path, source.kind, detail));
  }
  return errors;
}

/** The reference shows the path of the field where the value belongs. */
const DATA_SOURCE_PATH = goStruct("field.Path", {
  name: "dataSource",
  index: "",
  parent: pointer("field.Path", true),
});

function validateDataSourcePair({ dataSource, dataSourceRef }: ClaimSpec, path: FieldPath): FieldError[] {
  if (dataSource === undefined || dataSourceRef === undefined) return [];
  if (dataSourceRef.namespace) {
    return [invalid(path, DATA_SOURCE_PATH, "may not be specified when dataSourceRef.namespace is specified")];
  }
  const same =
    dataSource.apiGroup === dataSourceRef.apiGroup &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name;
  return same ? [] : [invalid(path, DATA_SOURCE_PATH, "must match dataSourceRef")];
}
