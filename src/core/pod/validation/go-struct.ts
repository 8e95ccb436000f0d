import { GoSource, goValue } from "./go-value.ts";

/** A Go struct as `%#v` prints it; values are printed as Go values, `GoSource` as it is. */
export function goStruct(type: string, fields: Readonly<Record<string, unknown>>): GoSource {
  const shown = Object.entries(fields).map(([name, value]) => `${name}:${goValue(value)}`);
  return new GoSource(`${type}{${shown.join(", ")}}`);
}

/** A slice of structs already printed; without a type the first of them alone. */
export function goStructList(type: string, items: readonly string[]): GoSource {
  return new GoSource(type === "" ? (items[0] ?? "") : `[]${type}{${items.join(", ")}}`);
}

/** A pointer: nil when the value is absent. Differs: addresses print as `0xADDR`, they tell nobody anything. */
export function pointer(type: string, value: unknown): GoSource {
  return new GoSource(`(*${type})(${value === undefined ? "nil" : "0xADDR"})`);
}
