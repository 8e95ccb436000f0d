import type { GoField, GoType } from "./go-type.ts";
import { fieldsOf } from "./struct-types.ts";

/**
 * An API object as Go's JSON encoder writes it: fields in declaration order, those without `omitempty` always there
 * (`"resources": {}`, `"creationTimestamp": null`, an empty list as null), unknown fields left out.
 * Differs: a field that the tables of Kubernetes 1.26 do not know is lost; use it for what was decoded here.
 */
export function encodeStruct(value: object, struct: string): Readonly<Record<string, unknown>> {
  const source = value as Readonly<Record<string, unknown>>;
  const encoded: Record<string, unknown> = {};
  for (const [name, field] of fieldsOf(struct)) {
    const written = encodeField(Object.hasOwn(source, name) ? source[name] : undefined, field);
    if (written !== undefined) encoded[name] = written;
  }
  return encoded;
}

function encodeField(value: unknown, field: GoField): unknown {
  if (value !== undefined && value !== null) {
    if (Array.isArray(value) && value.length === 0) return field.always ? null : undefined;
    return encodeValue(value, field.type);
  }
  if (field.pointer) return field.always ? null : undefined;
  if (field.type.kind === "struct") return encodeStruct({}, field.type.struct);
  if (field.type.kind === "time" || field.type.kind === "microTime") return null;
  if (field.type.kind === "quantity") return "0";
  return field.always ? zeroText(field.type) : undefined;
}

function encodeValue(value: unknown, type: GoType): unknown {
  if (type.kind === "struct" && typeof value === "object" && value !== null) return encodeStruct(value, type.struct);
  if (type.kind === "list" && Array.isArray(value)) return value.map((item) => encodeValue(item, type.item.type));
  if (type.kind === "map" && typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encodeValue(item, type.value.type)]));
  }
  return value;
}

function zeroText(type: GoType): unknown {
  if (type.kind === "bool") return false;
  if (type.kind === "int32" || type.kind === "int64" || type.kind === "intOrString") return 0;
  return type.kind === "list" || type.kind === "map" ? null : "";
}
