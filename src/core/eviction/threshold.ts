import { formatQuantity, quantityFromInteger } from "../quantity/index.ts";
import type { Signal } from "./signals.ts";

/** An absolute amount (bytes, inodes or processes; fractions are kept) or a part of the capacity. */
export type ThresholdValue = AbsoluteValue | PercentageValue;

export interface AbsoluteValue {
  /** The canonical quantity: "100Mi". */
  readonly text: string;
  readonly amount: number;
}

export interface PercentageValue {
  /** "10%". */
  readonly text: string;
  /** Of the capacity, 0 to 1, in single precision. */
  readonly fraction: number;
}

/** Met when less than `value` is available. Plain JSON. */
export interface Threshold {
  /**
   * What tells it from the others: "memory.available<100Mi", "memory.available<1Gi for 1m30s". Two thresholds that the
   * kubelet holds as one (equal percentages without a minimum reclaim) share a key.
   */
  readonly key: string;
  readonly signal: Signal;
  readonly value: ThresholdValue;
  /** 0: a hard threshold. */
  readonly graceMs: number;
  /** As Go prints it, to the nanosecond. */
  readonly gracePeriod: string;
  /** What must be available beyond `value` before a threshold that was met counts as resolved. */
  readonly minReclaim?: ThresholdValue;
}

const INT64_LIMIT = 2 ** 63;

/**
 * The amount for a capacity. A percentage is cut to a whole number; what no 64-bit integer holds becomes the smallest one.
 * Source: kubelet eviction/api GetThresholdQuantity.
 */
export function thresholdAmount(value: ThresholdValue, capacity: number): number {
  if ("amount" in value) return value.amount;
  const amount = Math.trunc(capacity * value.fraction);
  return Math.abs(amount) < INT64_LIMIT ? amount : -INT64_LIMIT;
}

/** What must be available for the threshold to count as resolved: its amount and the minimum reclaim. */
export function resolvedAmount({ value, minReclaim }: Threshold, capacity: number): number {
  const amount = thresholdAmount(value, capacity);
  return minReclaim === undefined ? amount : amount + thresholdAmount(minReclaim, capacity);
}

/** The amount as messages print it; percentages in binary format whatever the signal. */
export function thresholdQuantity(value: ThresholdValue, capacity: number): string {
  if ("amount" in value) return value.text;
  return formatQuantity(quantityFromInteger(thresholdAmount(value, capacity), "BinarySI"));
}

/** Whether it evicts without waiting. */
export function isHard(threshold: Threshold): boolean {
  return threshold.graceMs === 0;
}

/** Equal but for the minimum reclaim. Source: kubelet eviction hasThreshold. */
export function isSameThreshold(a: Threshold, b: Threshold): boolean {
  if (a.signal !== b.signal || a.gracePeriod !== b.gracePeriod) return false;
  if ("amount" in a.value) return "amount" in b.value && a.value.amount === b.value.amount;
  return "fraction" in b.value && a.value.fraction === b.value.fraction;
}
