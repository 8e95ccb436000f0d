/**
 * A text in double quotes as Go's strconv.Quote (`%q`) writes it: what is not printable is escaped, bytes that are not
 * UTF-8 one by one.
 */
export function goQuote(text: string | Uint8Array): string {
  if (typeof text === "string") return `"${[...text].map(escape).join("")}"`;
  let quoted = "";
  for (let position = 0; position < text.length; ) {
    const length = runeLength(text, position);
    const bytes = text.subarray(position, position + Math.max(length, 1));
    quoted += length === 0 ? hex(bytes[0] ?? 0) : escape(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    position += bytes.length;
  }
  return `"${quoted}"`;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ['"', '\\"'],
  ["\\", "\\\\"],
]);
const PRINTABLE = /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u;

function escape(letter: string): string {
  const short = SHORT_ESCAPES.get(letter);
  if (short !== undefined) return short;
  if (PRINTABLE.test(letter)) return letter;
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return hex(code);
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Bytes of the UTF-8 character at `position`; 0 when it is none. */
function runeLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice(position, position + length));
    return position + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}
