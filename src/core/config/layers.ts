/**
 * Files, drop-ins, flags and defaults laid over each other, with the origin of every value. Merged as the kubelet does
 * (cmd/kubelet/app/server.go mergeKubeletConfigurations: a JSON merge patch over the defaulted base): lists are
 * replaced, maps and structs merged, a null takes a value away so that the default holds again.
 */
import { isObject } from "./decode.ts";
import type { Field, Fields, Json, JsonObject } from "./field.ts";
import { defaultOrigin, type Origin } from "./origin.ts";
import { formatPath, type Path } from "./path.ts";

/** A configuration that is being put together. */
export interface Draft {
  readonly value: JsonObject;
  readonly origins: Map<string, Origin>;
}

export function emptyDraft(): Draft {
  return { value: {}, origins: new Map() };
}

/** `draft` with `patch` merged over it; `originAt` tells where a value of the patch stands. */
export function mergeOver(draft: Draft, patch: JsonObject, originAt: (path: Path) => Origin): Draft {
  const origins = new Map(draft.origins);
  return { value: mergeObject(draft.value, patch, [], origins, originAt), origins };
}

/** `draft` with the value at `path` replaced as a whole. */
export function setValue(draft: Draft, path: readonly string[], value: Json, origin: Origin): Draft {
  const origins = new Map(draft.origins);
  forget(origins, path);
  note(origins, path, value, () => origin);
  return { value: replaced(draft.value, path, value), origins };
}

/** The value at `path`, or `undefined`. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let current = value;
  for (const part of path) {
    if (Array.isArray(current)) current = typeof part === "number" ? current[part] : undefined;
    else current = isObject(current) ? current[part] : undefined;
  }
  return current;
}

/** `draft` with the table's default wherever nothing was set (or a zero that means "unset" was). */
export function fillDefaults(draft: Draft, fields: Fields): Draft {
  const origins = new Map(draft.origins);
  return { value: filledStruct(draft.value, fields, [], origins), origins };
}

function mergeObject(
  target: Json | undefined,
  patch: JsonObject,
  path: Path,
  origins: Map<string, Origin>,
  originAt: (path: Path) => Origin,
): JsonObject {
  const result: Record<string, Json | undefined> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    const itemPath = [...path, name];
    if (value === undefined) continue;
    if (value === null) {
      forget(origins, itemPath);
      delete result[name];
    } else if (isObject(value)) {
      if (!isObject(result[name])) forget(origins, itemPath);
      if (Object.keys(value).length === 0 && !isObject(result[name]))
        origins.set(formatPath(itemPath), originAt(itemPath));
      result[name] = mergeObject(result[name], value, itemPath, origins, originAt);
    } else {
      forget(origins, itemPath);
      origins.set(formatPath(itemPath), originAt(itemPath));
      result[name] = value;
    }
  }
  return result;
}

function filledStruct(value: JsonObject, fields: Fields, path: Path, origins: Map<string, Origin> | undefined) {
  const result: Record<string, Json | undefined> = {};
  for (const [name, field] of Object.entries(fields)) {
    const filled = filledField(value[name] ?? undefined, field, [...path, name], origins);
    if (filled !== undefined) result[name] = filled;
  }
  return result;
}

function filledField(
  value: Json | undefined,
  field: Field<unknown>,
  path: Path,
  origins: Map<string, Origin> | undefined,
): Json | undefined {
  const { type } = field;
  if (type.kind === "object") {
    if (value === undefined && field.default === undefined) return undefined;
    return filledStruct(isObject(value) ? value : {}, type.fields, path, origins);
  }
  if (value === undefined || meansUnset(value, field)) {
    if (origins !== undefined) {
      forget(origins, path);
      if (field.default !== undefined) note(origins, path, field.default, () => defaultOrigin);
    }
    return field.default;
  }
  if (type.kind === "list" && type.items.kind === "object" && Array.isArray(value)) {
    const { fields } = type.items;
    return value.map((item) => filledStruct(isObject(item) ? item : {}, fields, path, undefined));
  }
  return value;
}

/**
 * A zero of a plain Go number, string or duration, which the kubelet cannot tell from an absent one. Fields without a
 * default and booleans are pointers there: what is set is set. A zero that is the default itself keeps its origin.
 */
function meansUnset(value: Json, { keepsZero, default: standard }: Field<unknown>): boolean {
  const isZero = value === 0 || value === "" || value === "0s";
  return isZero && !keepsZero && standard !== undefined && value !== standard;
}

function forget(origins: Map<string, Origin>, path: Path): void {
  const key = formatPath(path);
  for (const known of [...origins.keys()]) {
    if (known === key || known.startsWith(`${key}.`) || known.startsWith(`${key}[`)) origins.delete(known);
  }
}

function note(origins: Map<string, Origin>, path: Path, value: Json, originAt: (path: Path) => Origin): void {
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, item] of Object.entries(value))
      if (item !== undefined) note(origins, [...path, name], item, originAt);
  } else {
    origins.set(formatPath(path), originAt(path));
  }
}

function replaced(target: Json | undefined, path: readonly string[], value: Json): JsonObject {
  const [name, ...rest] = path;
  const base = isObject(target) ? target : {};
  if (name === undefined) return base;
  return { ...base, [name]: rest.length === 0 ? value : replaced(base[name], rest, value) };
}
