import {
  type EvictionFields,
  parseThresholds,
  reportThresholds,
  type ThresholdValue,
  thresholdAmount,
  thresholdQuantity,
} from "../../../src/core/eviction/index.ts";
import type { Topic } from "../case.ts";

interface ParsingLine {
  readonly kubeletConfiguration: EvictionFields;
  readonly thresholds?: unknown;
  readonly error?: string;
}

interface QuantityLine {
  readonly value: string;
  readonly capacity: number;
  readonly quantity: string;
  readonly amount: number;
}

/** The value as a threshold of its own. */
function thresholdValue(text: string): ThresholdValue | undefined {
  const parsed = parseThresholds({ evictionHard: { "pid.available": text } });
  return "error" in parsed ? undefined : parsed.thresholds[0]?.value;
}

export const topic: Topic = (_testCase, line) => {
  if ("capacity" in line) {
    const { value: text, capacity, quantity, amount } = line as unknown as QuantityLine;
    const value = thresholdValue(text);
    const actual = value && {
      quantity: thresholdQuantity(value, capacity),
      amount: Math.ceil(thresholdAmount(value, capacity)),
    };
    return { actual, expected: { quantity, amount } };
  }
  const { kubeletConfiguration, thresholds, error } = line as unknown as ParsingLine;
  const parsed = parseThresholds(kubeletConfiguration);
  if ("error" in parsed)
    return { actual: { error: parsed.error }, expected: error === undefined ? { thresholds } : { error } };
  return {
    actual: { thresholds: reportThresholds(parsed.thresholds) },
    expected: error === undefined ? { thresholds } : { error },
  };
};
