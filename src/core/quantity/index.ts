/**
 * quantity: Kubernetes resource quantities, exact. Owns parsing, canonical printing, sums, order and rounding to 64-bit
 * integers as of Kubernetes 1.26. Refuses to know what a quantity measures: resource names and units are the caller's.
 */
export { bytesOf, exactAmount, milliOf, plainAmount } from "./amount.ts";
export {
  addQuantities,
  compareQuantities,
  isZeroQuantity,
  quantitiesEqual,
  quantitySign,
  subtractQuantities,
} from "./arithmetic.ts";
export { formatQuantity } from "./format.ts";
export { parseQuantityJson } from "./json.ts";
export { parseQuantity, quantityOrZero } from "./parse.ts";
export {
  isQuantityError,
  type Quantity,
  type QuantityError,
  type QuantityFormat,
  quantityFromInteger,
  quantityFromMilli,
  ZERO_QUANTITY,
} from "./quantity.ts";
export { roundUpQuantity } from "./round.ts";
export { quantityFitsInt64, quantityMilliValue, quantityValue } from "./value.ts";
