import { jsonSyntaxError } from "./json-syntax.ts";
import { parseQuantity } from "./parse.ts";
import type { Quantity, QuantityError } from "./quantity.ts";

const GO_SPACE = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const SURROUNDING_SPACE = new RegExp(`^${GO_SPACE}|${GO_SPACE}$`, "g");
const JSON_SPACE = /^[ \t\r\n]+|[ \t\r\n]+$/g;

const JSON_NULL: Quantity = { mantissa: 0n, scale: 0, format: "", text: "", isBigDecimal: false };

/**
 * Reads a quantity from the JSON text of a value: a string or a number as written (escapes are not resolved), null as
 * zero without a format. Source: json.Unmarshal with resource.Quantity.UnmarshalJSON.
 */
export function parseQuantityJson(json: string): Quantity | QuantityError {
  const error = jsonSyntaxError(json);
  if (error !== undefined) return { code: "json", error };
  const value = json.replace(JSON_SPACE, "");
  if (value === "null") return JSON_NULL;
  const isString = value.length >= 2 && value.startsWith('"');
  const text = isString ? value.slice(1, -1) : value;
  return parseQuantity(text.replace(SURROUNDING_SPACE, ""));
}
