/** Sums, differences and order of quantities: all exact. Source: resource.Quantity Add, Sub, Cmp. */
import { absolute, fitsInt64, MAX_ALIGN_DIGITS, powerOfTen, type Quantity, type QuantityFormat } from "./quantity.ts";

const ALIGN_AT_ONCE = 38;

function compareNumbers(a: bigint, b: bigint): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** -1, 0 or 1. */
export function quantitySign(quantity: Quantity): -1 | 0 | 1 {
  return compareNumbers(quantity.mantissa, 0n);
}

/** Whether the number is zero. */
export function isZeroQuantity(quantity: Quantity): boolean {
  return quantity.mantissa === 0n;
}

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`; formats do not count. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  if (a.scale === b.scale) return compareNumbers(a.mantissa, b.mantissa);
  const sign = quantitySign(a);
  const otherSign = quantitySign(b);
  if (sign !== otherSign) return sign < otherSign ? -1 : 1;
  if (sign === 0) return 0;
  if (Math.abs(a.scale - b.scale) > ALIGN_AT_ONCE) {
    const digits = absolute(a.mantissa).toString().length + a.scale;
    const otherDigits = absolute(b.mantissa).toString().length + b.scale;
    if (digits !== otherDigits) return digits > otherDigits === sign > 0 ? 1 : -1;
  }
  const scale = Math.min(a.scale, b.scale);
  return compareNumbers(a.mantissa * powerOfTen(a.scale - scale), b.mantissa * powerOfTen(b.scale - scale));
}

/** Whether two quantities are the same number, whatever their formats. */
export function quantitiesEqual(a: Quantity, b: Quantity): boolean {
  return compareQuantities(a, b) === 0;
}

function withFormat(quantity: Quantity, format: QuantityFormat, isBigDecimal: boolean): Quantity {
  return { mantissa: quantity.mantissa, scale: quantity.scale, format, text: "", isBigDecimal };
}

/**
 * `a` + `b` with `format`; an int64 sum stays one as long as it and the aligned operands fit. Big decimals take the finer
 * scale even from a zero.
 */
function sum(a: Quantity, b: Quantity, format: QuantityFormat): Quantity {
  const isBigDecimal = a.isBigDecimal || b.isBigDecimal;
  const distance = a.scale - b.scale;
  const isTooFar = Math.abs(distance) > MAX_ALIGN_DIGITS;
  if (!isBigDecimal || isTooFar) {
    if (b.mantissa === 0n) return withFormat(a, format, isBigDecimal);
    if (a.mantissa === 0n) return withFormat(b, format, isBigDecimal);
  }
  if (isTooFar) return withFormat(distance > 0 ? a : b, format, true);
  const left = distance > 0 ? a.mantissa * powerOfTen(distance) : a.mantissa;
  const right = distance < 0 ? b.mantissa * powerOfTen(-distance) : b.mantissa;
  const mantissa = left + right;
  const fits = fitsInt64(left) && fitsInt64(right) && fitsInt64(mantissa);
  return { mantissa, scale: Math.min(a.scale, b.scale), format, text: "", isBigDecimal: isBigDecimal || !fits };
}

/** `a` + `b`, exactly. The format is that of `a`, or of `b` when `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return sum(a, b, a.mantissa === 0n ? b.format : a.format);
}

/** `a` - `b`, exactly. The format is that of `a`, or of `b` when `a` is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return sum(a, { ...b, mantissa: -b.mantissa }, a.mantissa === 0n ? b.format : a.format);
}
