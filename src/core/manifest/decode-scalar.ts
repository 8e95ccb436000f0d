import { formatQuantity } from "../quantity/format.ts";
import { parseQuantity } from "../quantity/parse.ts";
import { isQuantityError } from "../quantity/quantity.ts";
import type { ScalarKind } from "./go-type.ts";
import type { ManifestNode } from "./manifest-node.ts";
import { toPlain } from "./plain.ts";
import { normalTime } from "./rfc3339.ts";

/** What decoding one scalar gives: a value, nothing (null), a type error (Go's word for what was there) or a bad text. */
export type ScalarResult =
  | { readonly value: unknown }
  | { readonly absent: true }
  | { readonly mismatch: string }
  | { readonly error: string };

/** What Go's JSON decoder calls a value in "cannot unmarshal ... into". */
export function jsonWord(node: ManifestNode): string {
  if (node.kind === "map") return "object";
  return node.kind === "list" ? "array" : node.kind;
}

/** How quantities come out: as the API writes them (`512Mi`), or as they were written (`0.5Gi`). */
export type QuantityForm = "canonical" | "written";

/** Decodes as encoding/json and the types' own UnmarshalJSON do; a decoded value is in the form the API writes. */
export function decodeScalar(node: ManifestNode, kind: ScalarKind, quantities: QuantityForm): ScalarResult {
  switch (kind) {
    case "string":
      return decodeIf(node, node.kind === "string" ? node.value : undefined);
    case "bool":
      return decodeIf(node, node.kind === "bool" ? node.value : undefined);
    case "int32":
    case "int64":
      return decodeInteger(node, kind);
    case "bytes":
      return decodeBytes(node);
    case "quantity":
      return decodeQuantity(node, quantities);
    case "time":
    case "microTime":
      return decodeTime(node);
    case "intOrString":
      return decodeIntOrString(node);
    case "raw":
      return node.kind === "null" ? { absent: true } : { value: toPlain(node) };
  }
}

function decodeIf(node: ManifestNode, value: unknown): ScalarResult {
  if (value !== undefined) return { value };
  return node.kind === "null" ? { absent: true } : { mismatch: jsonWord(node) };
}

const BOUNDS = {
  int32: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  int64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
} as const;
const INTEGER = /^-?\d{1,19}$/;

function decodeInteger(node: ManifestNode, kind: "int32" | "int64"): ScalarResult {
  if (node.kind === "null") return { absent: true };
  if (node.kind !== "number") return { mismatch: jsonWord(node) };
  if (!INTEGER.test(node.text)) return { mismatch: `number ${node.text}` };
  const value = BigInt(node.text);
  if (value < BOUNDS[kind].min || value > BOUNDS[kind].max) return { mismatch: `number ${node.text}` };
  return { value: Number(value) };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NOT_BASE64 = /[^A-Za-z0-9+/]/;

function decodeBytes(node: ManifestNode): ScalarResult {
  if (node.kind === "null") return { value: "" };
  if (node.kind !== "string") return { mismatch: jsonWord(node) };
  const text = node.value.replace(/[\r\n]/g, "");
  if (BASE64.test(text)) return { value: text };
  const bad = text.search(NOT_BASE64);
  return { error: `illegal base64 data at input byte ${bad < 0 ? Math.floor(text.length / 4) * 4 : bad}` };
}

function decodeQuantity(node: ManifestNode, form: QuantityForm): ScalarResult {
  if (node.kind === "null") return { value: "0" };
  let text = "{}";
  if (node.kind === "string") text = node.value;
  else if (node.kind === "number") text = node.text;
  const written = text.trim();
  const quantity = parseQuantity(written);
  if (isQuantityError(quantity)) return { error: quantity.error };
  return { value: form === "written" ? written : formatQuantity(quantity) };
}

function decodeTime(node: ManifestNode): ScalarResult {
  if (node.kind === "null") return { absent: true };
  if (node.kind !== "string") {
    return { error: `json: cannot unmarshal ${jsonWord(node)} into Go value of type string` };
  }
  const result = normalTime(node.value);
  if ("error" in result) return result;
  return result.time === "" ? { absent: true } : { value: result.time };
}

function decodeIntOrString(node: ManifestNode): ScalarResult {
  if (node.kind === "string") return { value: node.value };
  if (node.kind === "null") return { value: 0 };
  const result = decodeInteger(node, "int32");
  if ("mismatch" in result) return { error: `json: cannot unmarshal ${result.mismatch} into Go value of type int32` };
  return result;
}
