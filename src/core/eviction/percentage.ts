/** Percentages of thresholds in the kubelet's single precision. Source: kubelet eviction parsePercentage. */
import { parseGoFloat32 } from "../config/go-float.ts";
import type { PercentageValue } from "./threshold.ts";

/** Digits that tell any two single-precision numbers apart. */
const SINGLE_DIGITS = 9;

/** `text` ends in "%". */
export function parsePercentage(text: string): PercentageValue | { readonly error: string } {
  const parsed = parseGoFloat32(text.replace(/%+$/, ""));
  if ("error" in parsed) return parsed;
  const fraction = Math.fround(parsed.value / 100);
  return { text: `${shortestPercent(fraction)}%`, fraction };
}

/** The shortest decimal that reads back as the same fraction. */
function shortestPercent(fraction: number): string {
  if (Number.isNaN(fraction)) return "NaN";
  if (!Number.isFinite(fraction)) return fraction > 0 ? "+Inf" : "-Inf";
  if (fraction === 0) return Object.is(fraction, -0) ? "-0" : "0";
  const percent = fraction * 100;
  for (let digits = 1; digits < SINGLE_DIGITS; digits += 1) {
    const rounded = Number(percent.toPrecision(digits));
    if (Math.fround(Math.fround(rounded) / 100) === fraction) return plainDecimal(rounded);
  }
  return plainDecimal(Number(percent.toPrecision(SINGLE_DIGITS)));
}

/** Without an exponent. */
function plainDecimal(value: number): string {
  const text = String(value);
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d+)\.?(\d*)e-(\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  return `${sign}0.${"0".repeat(Number(exponent) - whole.length)}${whole}${fraction}`;
}
