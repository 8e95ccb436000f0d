/**
 * JSON text as Go's encoding/json writes it: keys in the order given, undefined left out, and `<`, `>`, `&`, U+2028 and
 * U+2029 escaped.
 */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(ESCAPED, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const ESCAPED = /[<>&\u2028\u2029]/g;
