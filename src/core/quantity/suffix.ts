/** The unit suffixes of a quantity. Source: apimachinery resource/suffix.go. */
import type { QuantityFormat } from "./quantity.ts";

export interface Suffix {
  readonly base: 2 | 10;
  /** Power of `base`. */
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const DECIMAL_UNITS = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_UNITS = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const SUFFIXES: ReadonlyMap<string, Suffix> = new Map([
  ...BINARY_UNITS.map((unit, index): [string, Suffix] => [unit, { base: 2, exponent: index * 10, format: "BinarySI" }]),
  ...DECIMAL_UNITS.map((unit, index): [string, Suffix] => [
    unit,
    { base: 10, exponent: (index - 3) * 3, format: "DecimalSI" },
  ]),
]);

const EXPONENT = /^[eE]([+-]?[0-9]+)$/;

/**
 * Reads a suffix; undefined when there is no such suffix. A decimal exponent must fit in 64 bits, of which the low 32
 * count (Go converts it to int32).
 */
export function parseSuffix(text: string): Suffix | undefined {
  const unit = SUFFIXES.get(text);
  if (unit !== undefined) return unit;
  const digits = EXPONENT.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const exponent = BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
  if (BigInt.asIntN(64, exponent) !== exponent) return undefined;
  return { base: 10, exponent: Number(BigInt.asIntN(32, exponent)), format: "DecimalExponent" };
}

/** The unit of 10^`exponent`; "" where there is none, which Kubernetes prints too (`1000E` prints as `1`). */
export function decimalUnit(exponent: number): string {
  return DECIMAL_UNITS[exponent / 3 + 3] ?? "";
}

/** The unit of 1024^`power`; "" where there is none. */
export function binaryUnit(power: number): string {
  return BINARY_UNITS[power] ?? "";
}
