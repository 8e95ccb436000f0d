const ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** Text in double quotes as Go's `%q` writes it, which the kubelet's messages use (Go strconv.Quote). */
export function goQuote(text: string): string {
  return `"${escapeText(text)}"`;
}

/** As `goQuote`, for bytes: what is no UTF-8 is written byte by byte (`\\xff`). */
export function goQuoteBytes(bytes: Uint8Array): string {
  let quoted = "";
  for (let position = 0; position < bytes.length; ) {
    const character = characterAt(bytes, position);
    quoted += character === undefined ? `\\x${hex(bytes[position] ?? 0, 2)}` : escapeText(character.text);
    position += character?.length ?? 1;
  }
  return `"${quoted}"`;
}

function escapeText(text: string): string {
  return text.replace(/[\\"]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escapeCharacter);
}

function characterAt(
  bytes: Uint8Array,
  position: number,
): { readonly text: string; readonly length: number } | undefined {
  const first = bytes[position] ?? 0;
  const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.slice(position, position + length)), length };
  } catch {
    return undefined;
  }
}

function escapeCharacter(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
