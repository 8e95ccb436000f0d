import type { ManifestNode } from "./manifest-node.ts";

/**
 * The node as a plain JavaScript value. Numbers beyond 2^53 lose digits; a key `__proto__` is an ordinary key. Nesting is
 * bounded by the readers that make nodes.
 */
export function toPlain(node: ManifestNode): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "bool":
    case "string":
      return node.value;
    case "number":
      return Number(node.text);
    case "list":
      return node.items.map(toPlain);
    case "map":
      return Object.fromEntries(node.entries.map((entry) => [entry.key, toPlain(entry.value)]));
  }
}

/** Orders texts by their UTF-8 bytes, as Go compares strings; UTF-16 order differs beyond the basic plane. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let position = 0; position < length; position += 1) {
    if (a.charCodeAt(position) === b.charCodeAt(position)) continue;
    const left = a.codePointAt(position) ?? 0;
    const right = b.codePointAt(position) ?? 0;
    // Equal lead surrogates were skipped as equal code units, so two trail surrogates compare correctly as they are.
    return left < right ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** The node as Go's encoding/json writes it: compact, entries in the order given, numbers as written. */
export function toGoJson(node: ManifestNode): string {
  switch (node.kind) {
    case "null":
      return "null";
    case "bool":
      return String(node.value);
    case "number":
      return node.text;
    case "string":
      return goQuoted(node.value);
    case "list":
      return `[${node.items.map(toGoJson).join()}]`;
    case "map":
      return `{${node.entries.map((entry) => `${goQuoted(entry.key)}:${toGoJson(entry.value)}`).join()}}`;
  }
}

/** Escapes that JSON.stringify shortens and Go does not. */
const GO_ESCAPES: Readonly<Record<string, string>> = { b: "\\u0008", f: "\\u000c" };

function goQuoted(text: string): string {
  return JSON.stringify(text)
    .replace(ESCAPED, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/\\(.)/g, (pair, letter) => GO_ESCAPES[letter] ?? pair);
}
