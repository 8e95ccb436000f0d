import { goQuote } from "../../api/go-quote.ts";

/**
 * Go values in error messages. Strings, numbers and booleans print as themselves; anything else prints as Go source
 * (`%#v`), which `GoSource` carries ready-made.
 */
export class GoSource {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** The value as field.Error prints it. Source: apimachinery util/validation/field Error.ErrorBody. */
export function goValue(value: unknown): string {
  if (value instanceof GoSource) return value.text;
  if (value === null || value === undefined) return '"null"';
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number") return goInteger(value);
  if (Array.isArray(value)) return `[]string{${value.map((item) => goValue(item)).join(", ")}}`;
  return String(value);
}

/** A whole number. Beyond 2^53 digits are lost in a double; the ends of the 64-bit range, the likely ones, stay right. */
export function goInteger(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const integer = BigInt(Math.trunc(value));
  if (integer > MAX_INT64) return MAX_INT64.toString();
  return integer < MIN_INT64 ? MIN_INT64.toString() : integer.toString();
}
