import type { Volume } from "../../api/types.ts";
import { VOLUME_FIELDS, validateFieldRef, validateResourceFieldRef } from "./downward-api.ts";
import { type FieldError, forbidden, invalid, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateFilePath, validateNoBacksteps } from "./paths.ts";

/** Volumes of files made by the node: hostPath, secret, configMap, downwardAPI, projected. Source: core/validation. */

const MAX_MODE = 0o777;
const MODE_WORDS = "must be a number between 0 and 0777 (octal), both inclusive";
const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

type Source<K extends keyof Volume> = NonNullable<Volume[K]>;
type Projected = Source<"projected">;
type Projection = NonNullable<Projected["sources"]>[number];
type Item = NonNullable<Source<"secret">["items"]>[number];
type DownwardFile = NonNullable<Source<"downwardAPI">["items"]>[number];

function validateMode(mode: number | undefined, path: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MAX_MODE)) return [];
  return [invalid(path, mode, MODE_WORDS)];
}

export function validateHostPath(source: Source<"hostPath">, path: FieldPath): FieldError[] {
  if (source.path === "") return [required(path.child("path"))];
  const errors = validateNoBacksteps(source.path, path.child("path"));
  const { type } = source;
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) {
    errors.push(notSupported(path.child("type"), type, HOST_PATH_TYPES));
  }
  return errors;
}

function validateItems(items: readonly Item[] | undefined, path: FieldPath): FieldError[] {
  return (items ?? []).flatMap((item, index) => validateItem(item, path.child("items").index(index)));
}

function validateItem(item: Item, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (item.key === "") errors.push(required(path.child("key")));
  if (item.path === "") errors.push(required(path.child("path")));
  errors.push(...validateFilePath(item.path, path.child("path")));
  errors.push(...validateMode(item.mode, path.child("mode")));
  return errors;
}

export function validateSecretVolume(source: Source<"secret">, path: FieldPath): FieldError[] {
  return [
    ...(source.secretName ? [] : [required(path.child("secretName"))]),
    ...validateMode(source.defaultMode, path.child("defaultMode")),
    ...validateItems(source.items, path),
  ];
}

export function validateConfigMapVolume(source: Source<"configMap">, path: FieldPath): FieldError[] {
  return [
    ...(source.name ? [] : [required(path.child("name"))]),
    ...validateMode(source.defaultMode, path.child("defaultMode")),
    ...validateItems(source.items, path),
  ];
}

/** Files are reported at the volume, without their index. */
export function validateDownwardApiVolume(source: Source<"downwardAPI">, path: FieldPath): FieldError[] {
  return [
    ...validateMode(source.defaultMode, path.child("defaultMode")),
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ];
}

function validateDownwardFile(file: DownwardFile, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (file.path === "") errors.push(required(path.child("path")));
  errors.push(...validateFilePath(file.path, path.child("path")));
  if (file.fieldRef !== undefined) {
    errors.push(...validateFieldRef(file.fieldRef, VOLUME_FIELDS, path.child("fieldRef")));
    if (file.resourceFieldRef !== undefined) {
      errors.push(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
    }
  } else if (file.resourceFieldRef !== undefined) {
    errors.push(...validateResourceFieldRef(file.resourceFieldRef, path.child("resourceFieldRef"), true));
  } else {
    errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  }
  errors.push(...validateMode(file.mode, path.child("mode")));
  return errors;
}

export function validateProjectedVolume(source: Projected, path: FieldPath): FieldError[] {
  const errors = validateMode(source.defaultMode, path.child("defaultMode"));
  const paths = new Set<string>();
  for (const [index, projection] of (source.sources ?? []).entries()) {
    errors.push(...validateProjection(projection, path, path.child("sources").index(index), paths));
  }
  return errors;
}

/** `paths`: file paths of all sources so far; grows. */
function validateProjection(
  projection: Projection,
  volumePath: FieldPath,
  path: FieldPath,
  paths: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = projection;
  const claimPath = (file: string, value: string): void => {
    if (file === "") return;
    if (paths.has(file)) errors.push(invalid(volumePath, value, "conflicting duplicate paths"));
    paths.add(file);
  };
  for (const [field, source] of Object.entries({ secret, configMap })) {
    if (source === undefined) continue;
    const at = path.child(field);
    if (!source.name) errors.push(required(at.child("name")));
    for (const [index, item] of (source.items ?? []).entries()) {
      errors.push(...validateItem(item, at.child("items").index(index)));
      claimPath(item.path, source.name ?? "");
    }
  }
  for (const file of downwardAPI?.items ?? []) {
    errors.push(...validateDownwardFile(file, path.child("downwardAPI")));
    claimPath(file.path, file.path);
  }
  if (serviceAccountToken !== undefined) {
    errors.push(...validateToken(serviceAccountToken, volumePath, path.child("serviceAccountToken")));
  }
  if (clusterTrustBundle !== undefined) {
    errors.push(...validateTrustBundle(clusterTrustBundle, path.child("clusterTrustBundle")));
    claimPath(clusterTrustBundle.path, clusterTrustBundle.path);
  }
  const all = [secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle];
  const count = all.filter((source) => source !== undefined).length;
  if (count > 1) errors.push(forbidden(path, "may not specify more than 1 volume type"));
  return errors;
}

type TrustBundle = NonNullable<Projection["clusterTrustBundle"]>;

function validateTrustBundle({ name, signerName, path: file }: TrustBundle, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (name === undefined && signerName === undefined) {
    errors.push(required(path, "either name or signerName must be specified"));
  }
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(path, name, "only one of name and signerName may be used"));
  }
  if (file === "") errors.push(required(path.child("path")));
  return [...errors, ...validateFilePath(file, path.child("path"))];
}

type Token = NonNullable<Projection["serviceAccountToken"]>;

function validateToken(token: Token, volumePath: FieldPath, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = token.expirationSeconds ?? 0;
  const at = path.child("expirationSeconds");
  if (seconds < MIN_TOKEN_SECONDS) {
    errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
  }
  if (seconds > MAX_TOKEN_SECONDS) {
    errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
  if (token.path === "") errors.push(required(volumePath.child("path")));
  return errors;
}
