/**
 * A Kubernetes resource quantity (`100m`, `1.5Gi`, `1e3`) as an immutable exact number. Reimplements
 * k8s.io/apimachinery/pkg/api/resource of Kubernetes 1.26, its overflow behaviour included.
 */

/** How a quantity prints. "" is the format of a quantity read from JSON null; it prints as `DecimalExponent`. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent" | "";

/** The number is exactly `mantissa` times 10 to the power of `scale`. */
export interface Quantity {
  readonly mantissa: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** The written text where it is canonical enough for Kubernetes to print it unchanged (`+1`, `01` too); else "". */
  readonly text: string;
  /**
   * False: Kubernetes holds the number as a scaled int64; true: as a big decimal. Both count the same; they differ in what
   * conversion to int64 gives for negative fractions and for numbers beyond 64 bits.
   */
  readonly isBigDecimal: boolean;
}

/** Why a text is no quantity; `error` is the message of Kubernetes. */
export interface QuantityError {
  readonly code: "format" | "numeric" | "suffix" | "json";
  readonly error: string;
}

export const FORMAT_ERROR: QuantityError = {
  code: "format",
  error: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
};
export const NUMERIC_ERROR: QuantityError = { code: "numeric", error: "unable to parse numeric part of quantity" };
export const SUFFIX_ERROR: QuantityError = { code: "suffix", error: "unable to parse quantity's suffix" };

/** Tells a failed parse from a quantity. */
export function isQuantityError(value: Quantity | QuantityError): value is QuantityError {
  return "error" in value;
}

export const MAX_INT64 = 9223372036854775807n;
export const MIN_INT64 = -9223372036854775808n;
/** The finest step a quantity keeps: 10^-9; anything finer was rounded away from zero. */
export const NANO = -9;
/**
 * Differs: Kubernetes writes out any power of ten when it aligns two numbers, so `1e2000000000` can take it down. Beyond
 * this many digits the smaller number no longer counts.
 */
export const MAX_ALIGN_DIGITS = 10_000;

const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 40 }, (_, exponent) => 10n ** BigInt(exponent));

/** 10 to the power of `exponent`, which must be at least 0 and at most MAX_ALIGN_DIGITS. */
export function powerOfTen(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
}

/** Whether `value` is within a signed 64-bit integer. */
export function fitsInt64(value: bigint): boolean {
  return value >= MIN_INT64 && value <= MAX_INT64;
}

export function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The quantity of a whole number, as resource.NewQuantity; `value` must fit in 64 bits. */
export function quantityFromInteger(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { mantissa: BigInt(value), scale: 0, format, text: "", isBigDecimal: false };
}

/** The quantity of `value` thousandths, as resource.NewMilliQuantity. */
export function quantityFromMilli(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { mantissa: BigInt(value), scale: -3, format, text: "", isBigDecimal: false };
}

/** Zero in decimal notation: what a missing entry of a resource list counts as. */
export const ZERO_QUANTITY: Quantity = { mantissa: 0n, scale: 0, format: "DecimalSI", text: "0", isBigDecimal: false };
