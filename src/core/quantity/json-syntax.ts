/** The syntax errors of JSON in the words of Go's encoding/json, which Kubernetes shows to users. */

const MAX_DEPTH = 10_000;
const END_OF_INPUT = "unexpected end of JSON input";
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PRINTABLE_LATIN = /[\u0020-\u007e\u00a1-\u00ac\u00ae-\u00ff]/;
const GO_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
  ["'", "\\'"],
]);

/** The first UTF-8 byte of the character at `position`, as Go shows it: read as Latin-1, in single quotes. */
function quoteByte(text: string, position: number): string {
  const byte = new TextEncoder().encode(String.fromCodePoint(text.codePointAt(position) ?? 0))[0] ?? 0;
  const character = String.fromCharCode(byte);
  const escaped = GO_ESCAPES.get(character);
  if (escaped !== undefined) return `'${escaped}'`;
  if (PRINTABLE_LATIN.test(character)) return `'${character}'`;
  const hex = byte.toString(16);
  return byte < 0x80 ? `'\\x${hex.padStart(2, "0")}'` : `'\\u${hex.padStart(4, "0")}'`;
}

/** Where a scan goes on, or the text of the error that ended it. */
type Scan = number | string;

/** Between tokens, where space may follow. */
function fail(text: string, position: number, where: string): string {
  return position >= text.length ? END_OF_INPUT : failInToken(text, position, where);
}

/** Within a token: Go shows the end of the input as a space there. */
function failInToken(text: string, position: number, where: string): string {
  const shown = position >= text.length ? "' '" : quoteByte(text, position);
  return `invalid character ${shown} ${where}`;
}

function skipSpace(text: string, start: number): number {
  let position = start;
  while (position < text.length && " \t\r\n".includes(text.charAt(position))) position += 1;
  return position;
}

function scanEscape(text: string, position: number): Scan {
  const letter = text.charAt(position);
  if (letter !== "" && 'bfnrt\\/"'.includes(letter)) return position + 1;
  if (letter !== "u") return failInToken(text, position, "in string escape code");
  for (let digit = position + 1; digit <= position + 4; digit += 1) {
    if (!/^[0-9a-fA-F]$/.test(text.charAt(digit)))
      return failInToken(text, digit, "in \\u hexadecimal character escape");
  }
  return position + 5;
}

/** `start` is just behind the opening quote. */
function scanString(text: string, start: number): Scan {
  let position = start;
  while (position < text.length) {
    const character = text.charAt(position);
    if (character === '"') return position + 1;
    if (character < " ") return fail(text, position, "in string literal");
    if (character !== "\\") {
      position += 1;
      continue;
    }
    const next = scanEscape(text, position + 1);
    if (typeof next === "string") return next;
    position = next;
  }
  return END_OF_INPUT;
}

function scanNumber(text: string, start: number): Scan {
  NUMBER.lastIndex = start;
  const matched = NUMBER.exec(text)?.[0];
  if (matched === undefined) return failInToken(text, start + 1, "in numeric literal");
  const end = start + matched.length;
  const next = text.charAt(end);
  const hasExponent = /[eE]/.test(matched);
  if (next === "." && !matched.includes(".") && !hasExponent) {
    return failInToken(text, end + 1, "after decimal point in numeric literal");
  }
  if ((next !== "e" && next !== "E") || hasExponent) return end;
  const digit = /[+-]/.test(text.charAt(end + 1)) ? end + 2 : end + 1;
  return failInToken(text, digit, "in exponent of numeric literal");
}

function scanWord(text: string, start: number, word: string): Scan {
  for (let index = 1; index < word.length; index += 1) {
    if (text.charAt(start + index) === word.charAt(index)) continue;
    return failInToken(text, start + index, `in literal ${word} (expecting '${word.charAt(index)}')`);
  }
  return start + word.length;
}

function scanScalar(text: string, position: number): Scan {
  const first = text.charAt(position);
  if (first === '"') return scanString(text, position + 1);
  if (first === "-" || (first >= "0" && first <= "9")) return scanNumber(text, position);
  const word = ["true", "false", "null"].find((candidate) => candidate.charAt(0) === first);
  if (word !== undefined) return scanWord(text, position, word);
  return fail(text, position, "looking for beginning of value");
}

/** An object key with its colon; `position` is where its quote must be. */
function scanKey(text: string, position: number): Scan {
  if (text.charAt(position) !== '"') return fail(text, position, "looking for beginning of object key string");
  const end = scanString(text, position + 1);
  if (typeof end === "string") return end;
  const colon = skipSpace(text, end);
  return text.charAt(colon) === ":" ? colon + 1 : fail(text, colon, "after object key");
}

/**
 * The error Go's json.Unmarshal gives for `text` as a whole; undefined when it is one valid JSON value.
 * Source: encoding/json checkValid.
 */
export function jsonSyntaxError(text: string): string | undefined {
  const closers: string[] = [];
  let position = skipSpace(text, 0);
  for (;;) {
    const opener = text.charAt(position);
    if (opener === "{" || opener === "[") {
      const closer = opener === "{" ? "}" : "]";
      if (closers.length >= MAX_DEPTH) return "exceeded max depth";
      const first = skipSpace(text, position + 1);
      if (text.charAt(first) !== closer) {
        closers.push(closer);
        const next: Scan = opener === "{" ? scanKey(text, first) : first;
        if (typeof next === "string") return next;
        position = skipSpace(text, next);
        continue;
      }
      position = first + 1;
    } else {
      const next = scanScalar(text, position);
      if (typeof next === "string") return next;
      position = next;
    }
    const afterValue = closeContainers(text, position, closers);
    if (typeof afterValue === "string") return afterValue;
    if (closers.length === 0) {
      return afterValue < text.length ? fail(text, afterValue, "after top-level value") : undefined;
    }
    position = afterValue;
  }
}

/** Behind a value: closes what ends here and goes to the next element's value; pops from `closers`. */
function closeContainers(text: string, start: number, closers: string[]): Scan {
  let position = skipSpace(text, start);
  for (let closer = closers.at(-1); closer !== undefined; closer = closers.at(-1)) {
    const character = text.charAt(position);
    if (character === ",") return closer === "]" ? skipSpace(text, position + 1) : nextKey(text, position + 1);
    if (character !== closer) {
      return fail(text, position, closer === "]" ? "after array element" : "after object key:value pair");
    }
    closers.pop();
    position = skipSpace(text, position + 1);
  }
  return position;
}

function nextKey(text: string, position: number): Scan {
  const next = scanKey(text, skipSpace(text, position));
  return typeof next === "string" ? next : skipSpace(text, next);
}
