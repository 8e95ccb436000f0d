import type { Json } from "./field.ts";

/** A value on one line: plain words as they are, everything else as JSON. */
export function compactValue(value: Json): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
