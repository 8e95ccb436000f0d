/**
 * Single-precision numbers as Go reads them (strconv.ParseFloat with 32 bits): decimal and hexadecimal, underscores between
 * digits, NaN and infinities.
 */
import { goQuote } from "../api/go-quote.ts";

/** The number, or the text of Go's error. */
export type GoFloat = { readonly value: number } | { readonly error: string };

const SPECIAL = /^(?:nan|([+-]?)inf(?:inity)?)$/i;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/;
const BITS_PER_HEX_DIGIT = 4;

/** Reads the whole of `text`. An infinity that is written is a value, one that a number overflows to is an error. */
export function parseGoFloat32(text: string): GoFloat {
  const special = SPECIAL.exec(text);
  if (special !== null) return { value: specialValue(special) };
  const value = underscoresSeparateDigits(text) ? numberOf(text.replaceAll("_", "")) : undefined;
  if (value === undefined) return { error: `strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax` };
  const single = Math.fround(value);
  if (Number.isFinite(single)) return { value: single };
  return { error: `strconv.ParseFloat: parsing ${goQuote(text)}: value out of range` };
}

function specialValue([text, sign]: RegExpExecArray): number {
  if (text.toLowerCase() === "nan") return Number.NaN;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The prefix 0x counts as a digit: `0x_1p0` is a number. */
function underscoresSeparateDigits(text: string): boolean {
  if (!text.includes("_")) return true;
  const unsigned = text.replace(/^[+-]/, "");
  if (!/^0[xX]/.test(unsigned)) return !/(?:^|\D)_|_(?:\D|$)/.test(unsigned);
  return !/[^\da-fA-F]_|_(?:[^\da-fA-F]|$)/.test(`0${unsigned.slice(2)}`);
}

function numberOf(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const parts = HEXADECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent] = parts;
  if (whole === "" && fraction === "") return undefined;
  const digits = Number(BigInt(`0x${whole}${fraction}`));
  const scaled = digits === 0 ? 0 : digits * 2 ** (Number(exponent) - fraction.length * BITS_PER_HEX_DIGIT);
  return sign === "-" ? -scaled : scaled;
}
