import type { ManifestNode } from "./manifest-node.ts";

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((text) => [text, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((text) => [text, false] as const),
]);
const NULLS: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ...[".nan", ".NaN", ".NAN"].map((text) => [text, "NaN"] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((text) => [text, "+Inf"] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((text) => [text, "-Inf"] as const),
]);
const INTEGER = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const MAX_DIGITS = 400;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/** What a YAML scalar means as JSON, or why it has no JSON form. */
export type ResolvedScalar = ManifestNode | { readonly error: string };

/**
 * A plain scalar as YAML 1.1 reads it (`yes` is a bool, `010` is eight, `1_000` a thousand), in JSON terms: a number is
 * written as Go writes it. Source: gopkg.in/yaml.v2 resolve.go, sigs.k8s.io/yaml YAMLToJSON.
 */
export function resolvePlainScalar(text: string, line: number): ResolvedScalar {
  if (NULLS.has(text)) return { kind: "null", line };
  const bool = BOOLEANS.get(text);
  if (bool !== undefined) return { kind: "bool", value: bool, line };
  const unsupported = UNSUPPORTED.get(text);
  if (unsupported !== undefined) return { error: `json: unsupported value: ${unsupported}` };
  const number = numberText(text);
  return number === undefined ? { kind: "string", value: text, line } : { kind: "number", text: number, line };
}

function numberText(text: string): string | undefined {
  if (!/^[-+.0-9]/.test(text) || text.length > MAX_DIGITS) return undefined;
  if (text.startsWith(".")) return floatText(text);
  const plain = text.replaceAll("_", "");
  return integerText(plain) ?? floatText(plain);
}

function integerText(text: string): string | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, octal, binary, oldOctal, decimal] = match;
  let size = BigInt(decimal ?? 0);
  if (hex !== undefined) size = BigInt(`0x${hex}`);
  else if (octal !== undefined || oldOctal !== undefined) size = BigInt(`0o${octal ?? oldOctal}`);
  else if (binary !== undefined) size = BigInt(`0b${binary}`);
  const value = sign === "-" ? -size : size;
  // A sign is read by ParseInt only, which ends at 2^63-1.
  const max = sign === "+" ? 2n ** 63n - 1n : MAX_UINT64;
  return value < MIN_INT64 || value > max ? undefined : value.toString();
}

function floatText(text: string): string | undefined {
  if (!FLOAT.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A map key as JSON writes it; keys that JSON cannot write are an error. Source: sigs.k8s.io/yaml convertToJSONableObject. */
export function resolveKey(scalar: ResolvedScalar): { readonly key: string } | { readonly error: string } {
  if ("error" in scalar) return scalar;
  switch (scalar.kind) {
    case "string":
      return { key: scalar.value };
    case "bool":
      return { key: String(scalar.value) };
    case "number":
      return { key: /^-?\d+$/.test(scalar.text) ? scalar.text : String(Math.fround(Number(scalar.text))) };
    default:
      return { error: "Unsupported map key of type: null" };
  }
}
