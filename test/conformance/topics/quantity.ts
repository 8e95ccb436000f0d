import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  isQuantityError,
  parseQuantity,
  parseQuantityJson,
  type Quantity,
  type QuantityError,
  quantitiesEqual,
  quantityFitsInt64,
  quantityMilliValue,
  quantitySign,
  quantityValue,
  subtractQuantities,
} from "../../../src/core/quantity/index.ts";
import type { Topic } from "../case.ts";

interface QuantityInput {
  readonly kind: "parse" | "json" | "pair";
  readonly string?: string;
  readonly json?: string;
  readonly a?: string;
  readonly b?: string;
}

function describe(quantity: Quantity | QuantityError): unknown {
  if (isQuantityError(quantity)) return { error: quantity.error };
  return {
    string: formatQuantity(quantity),
    format: quantity.format,
    value: quantityFitsInt64(quantity) ? quantityValue(quantity).toString() : null,
    milliValue: quantityFitsInt64(quantity, -3) ? quantityMilliValue(quantity).toString() : null,
    sign: quantitySign(quantity),
  };
}

function describePair(a: Quantity | QuantityError, b: Quantity | QuantityError): unknown {
  if (isQuantityError(a)) return { error: a.error };
  if (isQuantityError(b)) return { error: b.error };
  const sum = addQuantities(a, b);
  const difference = subtractQuantities(a, b);
  return {
    cmp: compareQuantities(a, b),
    equal: quantitiesEqual(a, b),
    sum: formatQuantity(sum),
    sumFormat: sum.format,
    difference: formatQuantity(difference),
    differenceFormat: difference.format,
  };
}

export const topic: Topic = ({ input }) => {
  const { kind, string = "", json = "", a = "", b = "" } = input as QuantityInput;
  if (kind === "parse") return { actual: describe(parseQuantity(string)) };
  if (kind === "json") return { actual: describe(parseQuantityJson(json)) };
  return { actual: describePair(parseQuantity(a), parseQuantity(b)) };
};
