import { MAX_DEPTH, type ManifestNode, type MapEntry } from "./manifest-node.ts";

/** A JSON text that is none; `text` is the message of Go's encoding/json, `line` counts from 1. */
export interface JsonSyntaxError {
  readonly error: string;
  readonly line: number;
}

/** True for text that the reference reads as JSON instead of YAML: its first character other than space is `{`. */
export function looksLikeJson(text: string): boolean {
  return /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*\{/.test(text);
}

/** Reads one JSON document, duplicate keys kept. Source: Go's encoding/json scanner, its messages included. */
export function parseJson(text: string): ManifestNode | JsonSyntaxError {
  const parser = new JsonParser(text);
  return parser.document() ?? { error: parser.error ?? "unexpected end of JSON input", line: parser.line };
}

const LITERALS = { t: "true", f: "false", n: "null" } as const;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class JsonParser {
  error: string | undefined;
  line = 1;
  private position = 0;
  private depth = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): ManifestNode | undefined {
    const value = this.value("looking for beginning of value");
    if (value === undefined) return undefined;
    this.space();
    return this.position === this.text.length ? value : this.fail("after top-level value");
  }

  private value(context: string): ManifestNode | undefined {
    this.space();
    const line = this.line;
    const letter = this.text[this.position];
    if (letter === "{" || letter === "[") return this.nested(letter);
    if (letter === '"') {
      const value = this.string();
      return value === undefined ? undefined : { kind: "string", value, line };
    }
    if (letter === "t" || letter === "f" || letter === "n") return this.literal(letter, line);
    if (letter !== undefined && /[-0-9]/.test(letter)) return this.number(line);
    return this.fail(context);
  }

  private nested(open: "{" | "["): ManifestNode | undefined {
    if (this.depth >= MAX_DEPTH) {
      this.error = "exceeded max depth";
      return undefined;
    }
    this.depth += 1;
    this.position += 1;
    const node = open === "{" ? this.map() : this.list();
    this.depth -= 1;
    return node;
  }

  private map(): ManifestNode | undefined {
    const line = this.line;
    const entries: MapEntry[] = [];
    this.space();
    if (this.take("}")) return { kind: "map", entries, line };
    for (;;) {
      this.space();
      const keyLine = this.line;
      if (this.text[this.position] !== '"') return this.fail("looking for beginning of object key string");
      const key = this.string();
      if (key === undefined) return undefined;
      this.space();
      if (!this.take(":")) return this.fail("after object key");
      const value = this.value("looking for beginning of value");
      if (value === undefined) return undefined;
      entries.push({ key, value, line: keyLine });
      this.space();
      if (this.take("}")) return { kind: "map", entries, line };
      if (!this.take(",")) return this.fail("after object key:value pair");
    }
  }

  private list(): ManifestNode | undefined {
    const line = this.line;
    const items: ManifestNode[] = [];
    this.space();
    if (this.take("]")) return { kind: "list", items, line };
    for (;;) {
      const item = this.value("looking for beginning of value");
      if (item === undefined) return undefined;
      items.push(item);
      this.space();
      if (this.take("]")) return { kind: "list", items, line };
      if (!this.take(",")) return this.fail("after array element");
    }
  }

  private string(): string | undefined {
    this.position += 1;
    const parts: string[] = [];
    for (;;) {
      const start = this.position;
      while (this.isPlain(this.text.charCodeAt(this.position))) this.position += 1;
      parts.push(this.text.slice(start, this.position));
      if (this.take('"')) return parts.join("");
      if (this.text[this.position] !== "\\") return this.fail("in string literal");
      this.position += 1;
      const escaped = this.escape();
      if (escaped === undefined) return undefined;
      parts.push(escaped);
    }
  }

  private isPlain(code: number): boolean {
    return code >= 0x20 && code !== 0x22 && code !== 0x5c;
  }

  private escape(): string | undefined {
    const letter = this.text[this.position] ?? "";
    const simple = ESCAPES[letter];
    if (simple === undefined && letter !== "u") return this.fail("in string escape code");
    this.position += 1;
    if (simple !== undefined) return simple;
    const start = this.position;
    for (let digit = 0; digit < 4; digit += 1) {
      if (!/[0-9a-fA-F]/.test(this.text[this.position] ?? "")) return this.fail("in \\u hexadecimal character escape");
      this.position += 1;
    }
    return String.fromCharCode(Number.parseInt(this.text.slice(start, this.position), 16));
  }

  private literal(first: "t" | "f" | "n", line: number): ManifestNode | undefined {
    const word = LITERALS[first];
    for (const letter of word) {
      if (!this.take(letter)) return this.fail(`in literal ${word} (expecting ${goQuoteChar(letter)})`);
    }
    return first === "n" ? { kind: "null", line } : { kind: "bool", value: first === "t", line };
  }

  private number(line: number): ManifestNode | undefined {
    const start = this.position;
    this.take("-");
    if (!this.take("0") && !this.digits()) return this.fail("in numeric literal");
    if (this.take(".") && !this.digits()) return this.fail("after decimal point in numeric literal");
    if (this.take("e") || this.take("E")) {
      if (!this.take("+")) this.take("-");
      if (!this.digits()) return this.fail("in exponent of numeric literal");
    }
    return { kind: "number", text: this.text.slice(start, this.position), line };
  }

  private digits(): boolean {
    const start = this.position;
    while (/[0-9]/.test(this.text[this.position] ?? "")) this.position += 1;
    return this.position > start;
  }

  private take(letter: string): boolean {
    if (this.text[this.position] !== letter) return false;
    this.position += 1;
    return true;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code === 10) this.line += 1;
      else if (code !== 32 && code !== 9 && code !== 13) return;
      this.position += 1;
    }
  }

  private fail(context: string): undefined {
    const code = this.text.codePointAt(this.position);
    this.error =
      code === undefined
        ? "unexpected end of JSON input"
        : `invalid character ${goQuoteChar(String.fromCodePoint(code))} ${context}`;
    return undefined;
  }
}

function goQuoteChar(letter: string): string {
  if (letter === "'") return "'\\''";
  if (letter === '"') return `'"'`;
  return `'${JSON.stringify(letter).slice(1, -1)}'`;
}
