/** A quantity as a 64-bit integer. Source: resource.Quantity.ScaledValue with amount.go and scale_int.go of 1.26. */
import { absolute, fitsInt64, MAX_ALIGN_DIGITS, MAX_INT64, MIN_INT64, powerOfTen, type Quantity } from "./quantity.ts";

/** Powers of ten that Go multiplies by in one step, so that an overflow wraps instead of giving 0. */
const ONE_STEP_POWERS: ReadonlySet<number> = new Set([1, 2, 3, 6, 9]);
const INT64_POWERS = 19;
const MILLI = -3;

function divideAwayFromZero(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (value % divisor === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function scaleUpInt64(value: bigint, power: number): bigint {
  if (value === 0n || power === 0) return value;
  const exact = power < INT64_POWERS ? value * powerOfTen(power) : undefined;
  if (exact !== undefined && fitsInt64(exact)) return exact;
  return exact !== undefined && ONE_STEP_POWERS.has(power) && value !== MIN_INT64 ? BigInt.asIntN(64, exact) : 0n;
}

function scaleInt64(quantity: Quantity, scale: number): bigint {
  const power = quantity.scale - scale;
  if (power >= 0) return scaleUpInt64(quantity.mantissa, power);
  if (-power >= INT64_POWERS) return quantity.mantissa === 0n ? 0n : quantity.mantissa < 0n ? -1n : 1n;
  return divideAwayFromZero(quantity.mantissa, powerOfTen(-power));
}

/** Go's integer division by a positive number: the remainder is never negative. */
function divideEuclidean(value: bigint, divisor: bigint): bigint {
  return value % divisor < 0n ? value / divisor - 1n : value / divisor;
}

function scaleBigDecimal(quantity: Quantity, scale: number): bigint {
  const power = quantity.scale - scale;
  const low = BigInt.asIntN(64, quantity.mantissa);
  if (power === 0) return low;
  if (power > 0) {
    const factor = power < INT64_POWERS ? powerOfTen(power) : MIN_INT64;
    return BigInt.asIntN(64, low * factor);
  }
  if (-power > MAX_ALIGN_DIGITS) return quantity.mantissa === 0n ? 0n : 1n;
  const divisor = powerOfTen(-power);
  if (quantity.mantissa < MAX_INT64 && -power < INT64_POWERS) {
    return low % divisor === 0n ? low / divisor : low / divisor + 1n;
  }
  const quotient = BigInt.asIntN(64, divideEuclidean(quantity.mantissa, divisor));
  return quantity.mantissa % divisor === 0n ? quotient : BigInt.asIntN(64, quotient + 1n);
}

function scaledValue(quantity: Quantity, scale: number): bigint {
  return quantity.isBigDecimal ? scaleBigDecimal(quantity, scale) : scaleInt64(quantity, scale);
}

/**
 * The number in whole units, rounded away from zero. As in Kubernetes 1.26 a number beyond 64 bits gives 0 or wraps, and a
 * negative fraction held as big decimal is rounded towards zero; quantityFitsInt64 tells the first kind beforehand.
 */
export function quantityValue(quantity: Quantity): bigint {
  return scaledValue(quantity, 0);
}

/** The number in thousandths, rounded and wrapped as quantityValue. */
export function quantityMilliValue(quantity: Quantity): bigint {
  return scaledValue(quantity, MILLI);
}

/** Whether the exact number, in units of 10^`scale` and rounded away from zero, fits in 64 bits. */
export function quantityFitsInt64(quantity: Quantity, scale = 0): boolean {
  const power = quantity.scale - scale;
  if (quantity.mantissa === 0n) return true;
  if (power >= INT64_POWERS) return false;
  if (power >= 0) return fitsInt64(quantity.mantissa * powerOfTen(power));
  if (-power > MAX_ALIGN_DIGITS) return absolute(quantity.mantissa).toString().length + power < INT64_POWERS;
  return fitsInt64(divideAwayFromZero(quantity.mantissa, powerOfTen(-power)));
}
