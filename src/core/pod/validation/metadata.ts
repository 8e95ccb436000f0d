import type { ObjectMeta, OwnerReference } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { type FieldError, forbidden, invalid, invalidEach, required, tooLong } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct, goStructList, pointer } from "./go-struct.ts";
import { goInteger } from "./go-value.ts";
import { validateLabels } from "./labels.ts";
import { dnsLabelErrors, dnsSubdomainErrors, dnsSubdomainPrefixErrors, qualifiedNameErrors } from "./names.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Metadata of an object in a namespace whose name is a DNS subdomain. Source: core/validation ValidateObjectMeta. */
export function validateObjectMeta(meta: ObjectMeta, path: FieldPath): FieldError[] {
  return validateMeta(meta, path, validateNamespace(meta.namespace ?? "", path.child("namespace")));
}

/** As `validateObjectMeta` for an object without a namespace. */
export function validateClusterObjectMeta(meta: ObjectMeta, path: FieldPath): FieldError[] {
  return validateMeta(
    meta,
    path,
    meta.namespace ? [forbidden(path.child("namespace"), "not allowed on this type")] : [],
  );
}

function validateNamespace(namespace: string, path: FieldPath): FieldError[] {
  return namespace === "" ? [required(path)] : invalidEach(path, namespace, dnsLabelErrors(namespace));
}

function validateMeta(meta: ObjectMeta, path: FieldPath, ofNamespace: readonly FieldError[]): FieldError[] {
  const errors: FieldError[] = [];
  const { generateName = "", name = "", generation = 0 } = meta;
  if (generateName !== "") {
    errors.push(...invalidEach(path.child("generateName"), generateName, dnsSubdomainPrefixErrors(generateName)));
  }
  if (name === "") errors.push(required(path.child("name"), "name or generateName is required"));
  else errors.push(...invalidEach(path.child("name"), name, dnsSubdomainErrors(name)));
  errors.push(...ofNamespace);
  if (generation < 0) {
    errors.push(invalid(path.child("generation"), generation, "must be greater than or equal to 0"));
  }
  errors.push(...validateLabels(meta.labels, path.child("labels")));
  errors.push(...validateAnnotations(meta.annotations, path.child("annotations")));
  errors.push(...validateOwners(meta.ownerReferences ?? [], path.child("ownerReferences")));
  errors.push(...validateFinalizers(meta.finalizers ?? [], path.child("finalizers")));
  errors.push(...validateManagedFields(meta.managedFields ?? [], path.child("managedFields")));
  return errors;
}

/** Source: api/validation ValidateAnnotations. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) => invalidEach(path, key, qualifiedNameErrors(key.toLowerCase())));
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(path, "", MAX_ANNOTATION_BYTES));
  return errors;
}

function goOwner(owner: OwnerReference): string {
  return goStruct("v1.OwnerReference", {
    APIVersion: owner.apiVersion,
    Kind: owner.kind,
    Name: owner.name,
    UID: owner.uid,
    Controller: pointer("bool", owner.controller),
    BlockOwnerDeletion: pointer("bool", owner.blockOwnerDeletion),
  }).text;
}

function versionOf(apiVersion: string): string {
  const parts = apiVersion.split("/");
  return parts.length > 2 ? "" : (parts.at(-1) ?? "");
}

function validateOwners(owners: readonly OwnerReference[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller = "";
  for (const owner of owners) {
    errors.push(...validateOwner(owner, path));
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === "") {
      controller = name;
      continue;
    }
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
    errors.push(invalid(path, goStructList("v1.OwnerReference", owners.map(goOwner)), detail));
  }
  return errors;
}

function validateOwner(owner: OwnerReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const version = versionOf(owner.apiVersion);
  if (version === "") errors.push(invalid(path.child("apiVersion"), owner.apiVersion, "version must not be empty"));
  if (owner.kind === "") errors.push(invalid(path.child("kind"), owner.kind, "kind must not be empty"));
  if (owner.name === "") errors.push(invalid(path.child("name"), owner.name, "name must not be empty"));
  if (owner.uid === "") errors.push(invalid(path.child("uid"), owner.uid, "uid must not be empty"));
  if (owner.apiVersion === "v1" && owner.kind === "Event") {
    const value = goStructList("", [goOwner(owner)]);
    errors.push(invalid(path, value, "/v1, Kind=Event is disallowed from being an owner"));
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => invalidEach(path, finalizer, qualifiedNameErrors(finalizer)));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.push(invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

/** Source: core/validation validateKubeFinalizerName, called after all other checks of metadata. */
export function validateFinalizerNames(finalizers: readonly string[], path: FieldPath): FieldError[] {
  return finalizers.flatMap((finalizer, index) =>
    finalizer.includes("/") || STANDARD_FINALIZERS.has(finalizer)
      ? []
      : [invalid(path.index(index), finalizer, "name is neither a standard finalizer name nor is it fully qualified")],
  );
}

type ManagedFields = NonNullable<ObjectMeta["managedFields"]>[number];

function validateManagedFields(entries: readonly ManagedFields[], path: FieldPath): FieldError[] {
  return entries.flatMap((entry, index) => validateManagedEntry(entry, path.index(index)));
}

function validateManagedEntry(entry: ManagedFields, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { operation = "", fieldsType = "", manager = "", subresource = "" } = entry;
  if (operation !== "Apply" && operation !== "Update") {
    errors.push(invalid(path.child("operation"), operation, "must be `Apply` or `Update`"));
  }
  if (fieldsType !== "" && fieldsType !== "FieldsV1") {
    errors.push(invalid(path.child("fieldsType"), fieldsType, "must be `FieldsV1`"));
  }
  if (byteLength(manager) > 128) errors.push(tooLong(path.child("manager"), manager, 128));
  errors.push(...unprintable(manager, path.child("manager")));
  if (byteLength(subresource) > 256) errors.push(tooLong(path.child("subresource"), subresource, 256));
  return errors;
}

function unprintable(text: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let position = 0;
  for (const letter of text) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter)) {
      const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid(path, text, `invalid character U+${code} (at position ${goInteger(position)})`));
    }
    position += byteLength(letter);
  }
  return errors;
}
