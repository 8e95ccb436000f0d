/**
 * Strict decoding of one document by its table: unknown fields and wrong types are problems with path and line, all of
 * them at once. The result holds what was set, in JSON form, durations in Go's own text. A null stays: as in the
 * kubelet's merge it takes away what an earlier file set.
 */

import { isQuantityError, parseQuantity } from "../quantity/index.ts";
import { hint } from "./did-you-mean.ts";
import type { Fields, FieldType, Json, JsonObject } from "./field.ts";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";
import { formatPath, type Path } from "./path.ts";
import type { Problem } from "./problem.ts";

export interface Decoded {
  readonly value: JsonObject;
  readonly problems: readonly DecodeProblem[];
}

export interface DecodeProblem {
  readonly code: Extract<Problem["code"], "unknownField" | "wrongType">;
  readonly at: Path;
  readonly message: string;
}

type Report = (code: DecodeProblem["code"], at: Path, message: string) => void;

/** Decodes a struct. `ignored`: names that are handled elsewhere (apiVersion, kind). */
export function decodeStruct(value: unknown, fields: Fields, ignored: readonly string[]): Decoded {
  const problems: DecodeProblem[] = [];
  const report: Report = (code, at, message) => problems.push({ code, at, message });
  const decoded = struct(value, fields, [], report, ignored);
  return { value: isObject(decoded) ? decoded : {}, problems };
}

/** A plain object, not a list or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function struct(
  value: unknown,
  fields: Fields,
  path: Path,
  report: Report,
  ignored: readonly string[],
): Json | undefined {
  if (!isObject(value)) return wrongType("a mapping", value, path, report);
  const result: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    if (ignored.includes(name)) continue;
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const itemPath = [...path, name];
    if (field === undefined) {
      const quote = (near: string) => JSON.stringify(formatPath([...path, near]));
      const near = hint(name, Object.keys(fields), quote);
      report("unknownField", itemPath, `unknown field ${JSON.stringify(formatPath(itemPath))}${near}`);
      continue;
    }
    const decoded = decode(item, field.type, itemPath, report);
    if (decoded !== undefined) result[name] = decoded;
  }
  return result;
}

function decode(value: unknown, type: FieldType, path: Path, report: Report): Json | undefined {
  if (value === null) return null;
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean" ? value : wrongType("true or false", value, path, report);
    case "string":
      return typeof value === "string" ? value : wrongType("a string", value, path, report);
    case "enum":
      return oneOf(value, type.values, type.strict, path, report);
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("an integer", value, path, report);
      if (value >= type.min && value <= type.max) return value;
      report("wrongType", path, `${value} is out of range for ${type.name}`);
      return undefined;
    case "number":
      return typeof value === "number" ? value : wrongType("a number", value, path, report);
    case "duration":
      return durationText(value, type.numbers, path, report);
    case "quantity":
      return quantityText(value, type.numbers, path, report);
    case "list":
      if (!Array.isArray(value)) return wrongType("a list", value, path, report);
      return value.map((item, index) => listItem(item, type.items, [...path, index], report));
    case "map":
      return map(value, type.values, path, report);
    case "object":
      return struct(value, type.fields, path, report, []);
  }
}

/** Differs: a null in a list is refused; Go takes it for an empty value. */
function listItem(value: unknown, type: FieldType, path: Path, report: Report): Json {
  if (value === null) wrongType(type.kind === "object" ? "a mapping" : `a ${type.kind}`, value, path, report);
  return decode(value, type, path, report) ?? null;
}

function map(value: unknown, values: FieldType, path: Path, report: Report): Json | undefined {
  if (!isObject(value)) return wrongType("a mapping", value, path, report);
  const result: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    const decoded = decode(item, values, [...path, name], report);
    if (decoded !== undefined) result[name] = decoded;
  }
  return result;
}

function oneOf(value: unknown, values: readonly string[], strict: boolean, path: Path, report: Report) {
  if (typeof value !== "string") return wrongType("a string", value, path, report);
  if (!strict || value === "" || values.includes(value)) return value;
  const near = hint(value, values, JSON.stringify);
  const options = values.map((option) => JSON.stringify(option));
  const last = options.pop();
  const list = options.length === 0 ? last : `${options.join(", ")} or ${last}`;
  report("wrongType", path, `option ${JSON.stringify(value)} is not valid. Valid options are ${list}${near}`);
  return undefined;
}

function durationText(value: unknown, numbers: boolean, path: Path, report: Report): string | undefined {
  if (numbers && typeof value === "number" && Number.isInteger(value)) return formatGoDuration(value);
  if (typeof value !== "string") {
    const hint = typeof value === "number" ? `; write "${value}s"` : "";
    return wrongType("a duration such as 1m30s", value, path, report, hint);
  }
  const nanoseconds = parseGoDuration(value);
  if (nanoseconds !== undefined) return formatGoDuration(nanoseconds);
  const missing = /^[+-]?\d+(\.\d+)?$/.test(value);
  const text = JSON.stringify(value);
  report("wrongType", path, missing ? `time: missing unit in duration ${text}` : `time: invalid duration ${text}`);
  return undefined;
}

function quantityText(value: unknown, numbers: boolean, path: Path, report: Report): string | undefined {
  const text = numbers && typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return wrongType('a quantity in quotes such as "100Mi"', value, path, report);
  const parsed = parseQuantity(text);
  if (!isQuantityError(parsed)) return text;
  report("wrongType", path, `${JSON.stringify(text)}: ${parsed.error}`);
  return undefined;
}

function wrongType(expected: string, value: unknown, path: Path, report: Report, more = ""): undefined {
  const quote =
    expected === "a string" && (typeof value === "number" || typeof value === "boolean") ? "; put it in quotes" : "";
  report("wrongType", path, `expected ${expected}, got ${describe(value)}${quote}${more}`);
  return undefined;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return `the string ${JSON.stringify(value)}`;
  return typeof value === "undefined" ? "nothing" : `${typeof value} ${String(value)}`;
}
