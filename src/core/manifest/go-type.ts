/**
 * Go's view of an API type, as data: what decoding accepts, what an error calls the type, what encoding leaves out.
 * Types are written in a short notation close to the Go declaration:
 *   `string` `bool` `int32` `int64` `bytes` `Quantity` `Time` `MicroTime` `IntOrString` `raw`, `~PullPolicy` (a string
 *   type with a name of its own), `[]T`, `map[string]T`, `Container` (a struct); a leading `*` is a pointer; a trailing
 *   `!` marks a field that is always written, even when it is empty (no `omitempty`).
 */
export type GoType =
  | { readonly kind: ScalarKind; readonly name: string }
  | { readonly kind: "list"; readonly name: string; readonly item: GoField }
  | { readonly kind: "map"; readonly name: string; readonly value: GoField }
  | { readonly kind: "struct"; readonly name: string; readonly struct: string };

export type ScalarKind =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "bytes"
  | "quantity"
  | "time"
  | "microTime"
  | "intOrString"
  | "raw";

/** `always`: written even when empty. `pointer`: an explicit zero value differs from an absent one. */
export interface GoField {
  readonly type: GoType;
  readonly pointer: boolean;
  readonly always: boolean;
}

/** Struct name -> JSON field name -> notation. */
export type StructTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SCALARS: Readonly<Record<string, GoType>> = {
  string: { kind: "string", name: "string" },
  bool: { kind: "bool", name: "bool" },
  int32: { kind: "int32", name: "int32" },
  int64: { kind: "int64", name: "int64" },
  bytes: { kind: "bytes", name: "[]uint8" },
  Quantity: { kind: "quantity", name: "resource.Quantity" },
  Time: { kind: "time", name: "v1.Time" },
  MicroTime: { kind: "microTime", name: "v1.MicroTime" },
  IntOrString: { kind: "intOrString", name: "intstr.IntOrString" },
  raw: { kind: "raw", name: "v1.FieldsV1" },
  ResourceList: {
    kind: "map",
    name: "v1.ResourceList",
    value: { type: { kind: "quantity", name: "resource.Quantity" }, pointer: false, always: false },
  },
};

/** Reads one notation. Struct names are not looked up here, so tables may refer to each other in any order. */
export function parseGoField(notation: string): GoField {
  const always = notation.endsWith("!");
  const body = always ? notation.slice(0, -1) : notation;
  const pointer = body.startsWith("*");
  return { type: parseGoType(pointer ? body.slice(1) : body), pointer, always };
}

function parseGoType(text: string): GoType {
  if (text.startsWith("[]")) {
    const item = parseGoField(text.slice(2));
    return { kind: "list", name: `[]${item.pointer ? "*" : ""}${item.type.name}`, item };
  }
  if (text.startsWith("map[string]")) {
    const value = parseGoField(text.slice("map[string]".length));
    return { kind: "map", name: `map[string]${value.type.name}`, value };
  }
  if (text.startsWith("~")) return { kind: "string", name: qualified(text.slice(1)) };
  return SCALARS[text] ?? { kind: "struct", name: qualified(text), struct: text };
}

function qualified(name: string): string {
  return name.includes(".") ? name : `v1.${name}`;
}
