/** Plain numbers for hot paths (ranking, sums over thousands of pods): the common texts without any BigInt. */
import { quantityOrZero } from "./parse.ts";
import type { Quantity } from "./quantity.ts";
import { quantityMilliValue, quantityValue } from "./value.ts";

const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
  ["Ki", 1024],
  ["Mi", 1024 ** 2],
  ["Gi", 1024 ** 3],
  ["Ti", 1024 ** 4],
]);
/** Digits of a count that times any unit above stay within what a double holds exactly, or are checked. */
const SHORT_COUNT = 15;

/** Position behind the digits that start at `start`. */
function skipDigits(text: string, start: number): number {
  let position = start;
  for (let code = text.charCodeAt(start); code >= 48 && code <= 57; code = text.charCodeAt(position)) position += 1;
  return position;
}

/** The value of a short text that makes a whole number ("64Mi", "1.5Gi"), exactly; undefined for all that needs more care. */
export function plainAmount(text: string): number | undefined {
  const wholeEnd = skipDigits(text, 0);
  const hasPoint = text.charCodeAt(wholeEnd) === 46;
  const end = hasPoint ? skipDigits(text, wholeEnd + 1) : wholeEnd;
  const unit = UNIT_BYTES.get(text.slice(end));
  if (wholeEnd === 0 || end > SHORT_COUNT || unit === undefined) return undefined;
  if (!hasPoint) {
    const amount = Number(text.slice(0, end)) * unit;
    return Number.isSafeInteger(amount) ? amount : undefined;
  }
  const amount = Number(text.slice(0, wholeEnd) + text.slice(wholeEnd + 1, end)) * unit;
  const divisor = 10 ** (end - wholeEnd - 1);
  return Number.isSafeInteger(amount) && amount % divisor === 0 ? amount / divisor : undefined;
}

/**
 * The quantity in whole units (bytes of memory or disk, pids, devices), rounded away from zero. Absent or no quantity: 0.
 * Exact up to 2^53; beyond that the nearest double of what quantityValue gives.
 */
export function bytesOf(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const text = String(quantity);
  return plainAmount(text) ?? Number(quantityValue(quantityOrZero(text)));
}

/** The quantity in thousandths (CPU millicores), rounded away from zero. Absent or no quantity: 0. */
export function milliOf(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const text = String(quantity);
  const digits = skipDigits(text, 0);
  if (digits > 0 && digits <= SHORT_COUNT - 3) {
    if (digits === text.length) return Number(text) * 1000;
    if (digits === text.length - 1 && text.endsWith("m")) return Number(text.slice(0, digits));
  }
  return Number(quantityMilliValue(quantityOrZero(text)));
}

/**
 * The quantity as a number, its fraction kept: "1.3Gi" is 1395864371.2. The nearest double, so that equal quantities are equal
 * numbers; exact for whole numbers up to 2^53.
 */
export function exactAmount({ mantissa, scale }: Quantity): number {
  return Number(`${mantissa}e${scale}`);
}
