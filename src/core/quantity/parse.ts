import {
  FORMAT_ERROR,
  isQuantityError,
  MAX_ALIGN_DIGITS,
  MAX_INT64,
  NANO,
  NUMERIC_ERROR,
  powerOfTen,
  type Quantity,
  type QuantityError,
  type QuantityFormat,
  SUFFIX_ERROR,
  ZERO_QUANTITY,
} from "./quantity.ts";
import { parseSuffix, type Suffix } from "./suffix.ts";

const DOT = 46;
const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
/** Decimal digits that surely fit in an int64. */
const INT64_DIGITS = 18;
/** Whole binary numbers with at most this many digits, less those of the unit, stay scaled int64. */
const BINARY_INT64_DIGITS = 14;
const NANO_PER_ONE = powerOfTen(-NANO);
const MAX_INT64_NANO = MAX_INT64 * NANO_PER_ONE;
const SUFFIX_LETTERS = "eEinumkKMGTP";

/** The parts of a quantity's text, cut as resource.parseQuantityString cuts them. */
interface Parts {
  readonly negative: boolean;
  /** Digits before the point without leading zeros; "0" when none is left. */
  readonly whole: string;
  /** Digits after the point. */
  readonly fraction: string;
  readonly hasDigits: boolean;
  readonly suffix: string;
}

function isDigitAt(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return code >= ZERO && code <= NINE;
}

function skipDigits(text: string, start: number): number {
  let position = start;
  while (isDigitAt(text, position)) position += 1;
  return position;
}

/** The end of the suffix that starts at `start`: letters, one sign, digits. */
function skipSuffix(text: string, start: number): number {
  let position = start;
  while (position < text.length && SUFFIX_LETTERS.includes(text.charAt(position))) position += 1;
  const code = text.charCodeAt(position);
  if (code === PLUS || code === MINUS) position += 1;
  return skipDigits(text, position);
}

function split(text: string): Parts | undefined {
  const first = text.charCodeAt(0);
  const start = first === MINUS || first === PLUS ? 1 : 0;
  let wholeStart = start;
  while (text.charCodeAt(wholeStart) === ZERO) wholeStart += 1;
  // Kubernetes takes a lone sign for zero.
  if (wholeStart === text.length) {
    return { negative: first === MINUS, whole: "0", fraction: "", hasDigits: true, suffix: "" };
  }
  const wholeEnd = skipDigits(text, wholeStart);
  const hasPoint = text.charCodeAt(wholeEnd) === DOT;
  const fractionStart = hasPoint ? wholeEnd + 1 : wholeEnd;
  const fractionEnd = hasPoint ? skipDigits(text, fractionStart) : wholeEnd;
  if (fractionEnd < text.length && skipSuffix(text, fractionEnd) !== text.length) return undefined;
  return {
    negative: first === MINUS,
    whole: wholeEnd === wholeStart ? "0" : text.slice(wholeStart, wholeEnd),
    fraction: text.slice(fractionStart, fractionEnd),
    hasDigits: wholeEnd > start || fractionEnd > fractionStart,
    suffix: text.slice(fractionEnd),
  };
}

/** Decimal numbers of at most 18 digits and no step finer than 10^-9 stay a scaled int64. */
function smallDecimal(text: string, parts: Parts, suffix: Suffix): Quantity | undefined {
  const digits = parts.whole + parts.fraction;
  const scale = (suffix.exponent - parts.fraction.length) | 0;
  if (digits.length > INT64_DIGITS || scale < NANO) return undefined;
  const isCanonical = scale % 3 === 0 && !digits.endsWith("000") && digits.charCodeAt(0) !== ZERO;
  const unsigned = BigInt(digits);
  return {
    mantissa: parts.negative ? -unsigned : unsigned,
    scale,
    format: suffix.format,
    text: isCanonical ? text : "",
    isBigDecimal: false,
  };
}

/** Whole binary numbers that are small enough stay an int64. */
function smallBinary(text: string, parts: Parts, suffix: Suffix): Quantity | undefined {
  const digitsLeft = BINARY_INT64_DIGITS - parts.whole.length - Math.trunc((suffix.exponent * 3) / 10);
  if (parts.fraction !== "" || digitsLeft < 0) return undefined;
  const count = BigInt(parts.whole);
  const unsigned = count << BigInt(suffix.exponent);
  return {
    mantissa: parts.negative ? -unsigned : unsigned,
    scale: 0,
    format: suffix.format,
    text: (count & 7n) === 0n ? "" : text,
    isBigDecimal: false,
  };
}

/** `unsigned` times 10^`scale`, moved to steps of 10^-9 and rounded up. Huge powers of ten stay as they are. */
function toNano(unsigned: bigint, scale: number): { readonly mantissa: bigint; readonly scale: number } {
  if (unsigned === 0n || scale > MAX_ALIGN_DIGITS) return { mantissa: unsigned, scale };
  if (scale >= NANO) return { mantissa: unsigned * powerOfTen(scale - NANO), scale: NANO };
  const dropped = NANO - scale;
  // The mantissa cannot have more decimal digits than bits; with so many dropped only the rounding is left.
  if (dropped > MAX_ALIGN_DIGITS && dropped > unsigned.toString().length) return { mantissa: 1n, scale: NANO };
  const divisor = powerOfTen(dropped);
  return { mantissa: (unsigned + divisor - 1n) / divisor, scale: NANO };
}

function bigQuantity(parts: Parts, suffix: Suffix): Quantity | QuantityError {
  if (!parts.hasDigits) return NUMERIC_ERROR;
  const digits = BigInt(parts.whole + parts.fraction);
  const isBinary = suffix.base === 2;
  let { mantissa, scale } = isBinary
    ? toNano(digits << BigInt(suffix.exponent), -parts.fraction.length)
    : toNano(digits, suffix.exponent - parts.fraction.length);
  let format: QuantityFormat = suffix.format;
  if (isBinary && mantissa > MAX_INT64_NANO) {
    mantissa = MAX_INT64;
    scale = 0;
  } else if (isBinary && mantissa > 0n && mantissa < NANO_PER_ONE) {
    format = "DecimalSI";
  }
  return { mantissa: parts.negative ? -mantissa : mantissa, scale, format, text: "", isBigDecimal: true };
}

/**
 * Reads a quantity. Finer parts than 10^-9 are rounded away from zero, binary numbers (`Ki` ...) are capped at plus or
 * minus 2^63-1. Source: resource.ParseQuantity.
 */
export function parseQuantity(text: string): Quantity | QuantityError {
  if (text === "0") return ZERO_QUANTITY;
  if (text === "") return FORMAT_ERROR;
  const parts = split(text);
  if (parts === undefined) return FORMAT_ERROR;
  const suffix = parseSuffix(parts.suffix);
  if (suffix === undefined) return SUFFIX_ERROR;
  const small = suffix.base === 2 ? smallBinary(text, parts, suffix) : smallDecimal(text, parts, suffix);
  return small ?? bigQuantity(parts, suffix);
}

/**
 * The quantity of an API object: space around it does not count, as in its JSON form. Absent or no quantity (validation
 * refuses such pods) is zero. A number is one as an undecoded manifest carries it.
 */
export function quantityOrZero(text: string | number | undefined): Quantity {
  if (text === undefined) return ZERO_QUANTITY;
  const parsed = parseQuantity(String(text).trim());
  return isQuantityError(parsed) ? ZERO_QUANTITY : parsed;
}
