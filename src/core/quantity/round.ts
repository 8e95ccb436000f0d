import { MAX_ALIGN_DIGITS, powerOfTen, type Quantity } from "./quantity.ts";

/** The quantity rounded away from zero to steps of 10^`scale`. Source: resource.Quantity.RoundUp. */
export function roundUpQuantity(quantity: Quantity, scale: number): Quantity {
  if (quantity.scale >= scale) return quantity;
  const divisor = powerOfTen(Math.min(scale - quantity.scale, MAX_ALIGN_DIGITS));
  const sign = quantity.mantissa < 0n ? -1n : 1n;
  const mantissa = sign * ((sign * quantity.mantissa + divisor - 1n) / divisor);
  return { ...quantity, mantissa, scale, text: "" };
}
