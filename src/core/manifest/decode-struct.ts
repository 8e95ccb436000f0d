import type { DecodeIssue } from "./decode-issue.ts";
import { decodeScalar, jsonWord, type QuantityForm } from "./decode-scalar.ts";
import type { GoField, GoType } from "./go-type.ts";
import { MAX_DEPTH, type ManifestNode, type MapNode } from "./manifest-node.ts";
import { nearestName } from "./nearest-name.ts";
import { fieldsOf } from "./struct-types.ts";

/**
 * What decoding gives. `value` is in API form: absent = not set; empty strings, zeros, false and empty lists of fields
 * without a pointer are left out; fields that the API always writes are there. `failure` is the error Go's decoder would
 * return for the whole document: the first text that no custom type takes, else the first type error.
 */
export interface DecodedStruct {
  readonly value: Readonly<Record<string, unknown>>;
  readonly failure: string | undefined;
  /** Everything found wrong, in document order; unknown and duplicate fields too. */
  readonly issues: readonly DecodeIssue[];
}

/**
 * Decodes a node as a Go struct, field names case-sensitive, unknown fields skipped.
 * Source: sigs.k8s.io/json UnmarshalCaseSensitivePreserveInts (a fork of Go's encoding/json).
 */
export function decodeStruct(
  node: ManifestNode,
  struct: string,
  quantities: QuantityForm = "canonical",
): DecodedStruct {
  const decoder = new Decoder(quantities);
  const type: GoType = { kind: "struct", name: `v1.${struct}`, struct };
  const value = decoder.decode(node, type, undefined, "") ?? zeroStruct(struct);
  return { value: value as Readonly<Record<string, unknown>>, failure: decoder.failure(), issues: decoder.issues };
}

class Decoder {
  readonly issues: DecodeIssue[] = [];
  private abortText: string | undefined;
  private firstTypeError: string | undefined;
  /** Where Go's decoder is, as its messages tell: the innermost struct and the field names down to it. */
  private struct = "";
  private readonly stack: string[] = [];
  private depth = 0;
  private readonly quantities: QuantityForm;

  constructor(quantities: QuantityForm) {
    this.quantities = quantities;
  }

  failure(): string | undefined {
    return this.abortText ?? this.firstTypeError;
  }

  /** `undefined`: nothing was set (null, or a value of another type). `previous` is merged into, as Go does for duplicates. */
  decode(node: ManifestNode, type: GoType, previous: unknown, path: string): unknown {
    if (type.kind === "struct") return this.decodeFields(node, type, previous, path);
    if (type.kind === "list") return this.decodeList(node, type, path);
    if (type.kind === "map") return this.decodeMap(node, type, previous, path);
    const result = decodeScalar(node, type.kind, this.quantities);
    if ("value" in result) return result.value;
    if ("error" in result) this.abort(result.error, node, path);
    else if ("mismatch" in result) this.typeError(result.mismatch, type, node, path);
    return undefined;
  }

  private decodeFields(
    node: ManifestNode,
    type: GoType & { readonly kind: "struct" },
    previous: unknown,
    path: string,
  ): unknown {
    if (node.kind !== "map") {
      if (node.kind !== "null") this.typeError(jsonWord(node), type, node, path);
      return undefined;
    }
    const known = fieldsOf(type.struct);
    this.reportRepeated(node, path);
    const values: Record<string, unknown> = { ...(previous as object | undefined) };
    const outer = this.struct;
    for (const entry of node.entries) {
      const fieldPath = path === "" ? entry.key : `${path}.${entry.key}`;
      const field = known.get(entry.key);
      if (field === undefined) {
        this.unknownField(fieldPath, entry.line, entry.key, known.keys());
        continue;
      }
      this.struct = type.struct;
      this.stack.push(entry.key);
      this.setField(values, entry.key, field, entry.value, fieldPath);
      this.stack.pop();
      this.struct = outer;
      if (this.abortText !== undefined) break;
    }
    return canonicalStruct(values, type.struct);
  }

  private setField(
    values: Record<string, unknown>,
    name: string,
    field: GoField,
    node: ManifestNode,
    path: string,
  ): void {
    const value = this.nested(() => this.decode(node, field.type, values[name], path), node, path);
    if (value !== undefined) values[name] = value;
    else if (node.kind === "null" && (field.pointer || field.type.kind === "list" || field.type.kind === "map")) {
      delete values[name];
    }
  }

  private decodeList(node: ManifestNode, type: GoType & { readonly kind: "list" }, path: string): unknown {
    if (node.kind !== "list") {
      if (node.kind !== "null") this.typeError(jsonWord(node), type, node, path);
      return undefined;
    }
    const items: unknown[] = [];
    for (const [index, item] of node.items.entries()) {
      const itemPath = `${path}[${index}]`;
      const value = this.nested(() => this.decode(item, type.item.type, undefined, itemPath), item, itemPath);
      items.push(value ?? zeroOf(type.item.type));
      if (this.abortText !== undefined) break;
    }
    return items;
  }

  private decodeMap(
    node: ManifestNode,
    type: GoType & { readonly kind: "map" },
    previous: unknown,
    path: string,
  ): unknown {
    if (node.kind !== "map") {
      if (node.kind !== "null") this.typeError(jsonWord(node), type, node, path);
      return undefined;
    }
    const values = new Map<string, unknown>(Object.entries((previous as object | undefined) ?? {}));
    this.reportRepeated(node, path);
    for (const entry of node.entries) {
      const entryPath = `${path}[${entry.key}]`;
      const value = this.nested(
        () => this.decode(entry.value, type.value.type, undefined, entryPath),
        entry.value,
        path,
      );
      values.set(entry.key, value ?? zeroOf(type.value.type));
      if (this.abortText !== undefined) break;
    }
    return Object.fromEntries(values);
  }

  private nested(decode: () => unknown, node: ManifestNode, path: string): unknown {
    if (this.depth >= MAX_DEPTH) {
      this.abort("exceeded max depth", node, path);
      return undefined;
    }
    this.depth += 1;
    const value = decode();
    this.depth -= 1;
    return value;
  }

  private reportRepeated(node: MapNode, path: string): void {
    const seen = new Set<string>();
    const again = node.entries.filter(({ key }) => seen.size === seen.add(key).size);
    for (const { key, line } of [...again, ...(node.repeated ?? [])]) {
      const keyPath = path === "" ? key : `${path}.${key}`;
      this.report("duplicateField", keyPath, line, `duplicate field "${keyPath}"`);
    }
  }

  private unknownField(path: string, line: number, name: string, known: Iterable<string>): void {
    const meant = nearestName(name, known);
    const hint = meant === undefined ? {} : { hint: `did you mean "${meant}"?` };
    this.issues.push({ code: "unknownField", field: path, line, text: `unknown field "${path}"`, ...hint });
  }

  private typeError(found: string, type: GoType, node: ManifestNode, path: string): void {
    const where =
      this.struct === ""
        ? `Go value of type ${type.name}`
        : `Go struct field ${this.struct}.${this.stack.join(".")} of type ${type.name}`;
    const text = `json: cannot unmarshal ${found} into ${where}`;
    this.firstTypeError ??= text;
    this.report("type", path, node.line, text);
  }

  private abort(text: string, node: ManifestNode, path: string): void {
    this.abortText ??= text;
    this.report("value", path, node.line, text);
  }

  private report(code: DecodeIssue["code"], field: string, line: number, text: string): void {
    this.issues.push({ code, field, line, text });
  }
}

/** Fields in declaration order, zero values as the API holds them. */
function canonicalStruct(values: Readonly<Record<string, unknown>>, struct: string): Readonly<Record<string, unknown>> {
  const canonical: Record<string, unknown> = {};
  for (const [name, field] of fieldsOf(struct)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      const zero = field.pointer ? undefined : alwaysThere(field);
      if (zero !== undefined) canonical[name] = zero;
    } else if (field.pointer || field.always || !isEmpty(value, field.type)) {
      canonical[name] = value;
    }
  }
  return canonical;
}

/** The zero value of a field that is part of its struct even when nobody set it. */
function alwaysThere(field: GoField): unknown {
  if (field.always || field.type.kind === "struct" || field.type.kind === "quantity") return zeroOf(field.type);
  return undefined;
}

function isEmpty(value: unknown, type: GoType): boolean {
  if (type.kind === "list") return (value as readonly unknown[]).length === 0;
  if (type.kind === "map") return Object.keys(value as object).length === 0;
  if (type.kind === "struct" || type.kind === "quantity" || type.kind === "intOrString") return false;
  return value === "" || value === 0 || value === false;
}

function zeroOf(type: GoType): unknown {
  switch (type.kind) {
    case "struct":
      return zeroStruct(type.struct);
    case "list":
      return [];
    case "map":
      return {};
    case "bool":
      return false;
    case "int32":
    case "int64":
    case "intOrString":
      return 0;
    case "quantity":
      return "0";
    case "time":
    case "microTime":
    case "raw":
      return undefined;
    case "string":
    case "bytes":
      return "";
  }
}

function zeroStruct(struct: string): Readonly<Record<string, unknown>> {
  return canonicalStruct({}, struct);
}
