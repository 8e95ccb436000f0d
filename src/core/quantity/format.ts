import { absolute, MAX_ALIGN_DIGITS, powerOfTen, type Quantity, type QuantityFormat } from "./quantity.ts";
import { binaryUnit, decimalUnit } from "./suffix.ts";

function printDecimal(quantity: Quantity, format: QuantityFormat): string {
  const digits = quantity.mantissa.toString();
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 48) end -= 1;
  let exponent = (quantity.scale + digits.length - end) | 0;
  let number = digits.slice(0, end);
  while (exponent % 3 !== 0) {
    number += "0";
    exponent = (exponent - 1) | 0;
  }
  if (format === "DecimalSI") return number + decimalUnit(exponent);
  return exponent === 0 ? number : `${number}e${exponent}`;
}

/** The number as an integer; undefined when it has a fraction or is too large to write out. */
function wholeNumber(quantity: Quantity): bigint | undefined {
  if (quantity.scale > MAX_ALIGN_DIGITS) return undefined;
  if (quantity.scale >= 0) return quantity.mantissa * powerOfTen(quantity.scale);
  const divisor = powerOfTen(-quantity.scale);
  return quantity.mantissa % divisor === 0n ? quantity.mantissa / divisor : undefined;
}

function printBinary(whole: bigint): string {
  let number = whole;
  let power = 0;
  while (number % 1024n === 0n) {
    number /= 1024n;
    power += 1;
  }
  return number.toString() + binaryUnit(power);
}

/**
 * The canonical text, as Kubernetes prints it: the largest unit that leaves no fraction; binary numbers below 1024 or with
 * a fraction in decimal units; the written text where parsing kept it. Source: resource.Quantity.String.
 */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== "") return quantity.text;
  if (quantity.mantissa === 0n) return "0";
  if (quantity.format !== "BinarySI") return printDecimal(quantity, quantity.format);
  const whole = wholeNumber(quantity);
  return whole === undefined || absolute(whole) < 1024n ? printDecimal(quantity, "DecimalSI") : printBinary(whole);
}
