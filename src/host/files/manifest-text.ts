import { looksLikeJson, parseJson } from "../../core/manifest/json-text.ts";
import type { ManifestNode } from "../../core/manifest/manifest-node.ts";
import { parseYaml, type YamlDocument } from "./yaml-text.ts";

/** One document of a manifest text. `body` is its text where it was JSON. */
export type TextDocument =
  | { readonly node: ManifestNode; readonly body?: string }
  | { readonly error: string; readonly line: number };

/**
 * The first document of a text, which is all that a static pod source reads; an empty text is a null document.
 * Source: apimachinery util/yaml ToJSON.
 */
export function readFirstDocument(text: string): TextDocument {
  if (!looksLikeJson(text)) return documentOf(parseYaml(text)[0] ?? { kind: "null", line: 0 });
  const parsed = parseJson(text);
  if (!("error" in parsed)) return { node: parsed, body: text };
  return { error: `couldn't get version/kind; json parse error: ${parsed.error}`, line: parsed.line };
}

/**
 * All documents of a text, null ones included (their place counts). JSON is tried first where the text looks like it,
 * then YAML.
 */
export function readDocuments(text: string): readonly YamlDocument[] {
  if (looksLikeJson(text)) {
    const parsed = parseJson(text);
    if (!("error" in parsed)) return [parsed];
  }
  return parseYaml(text);
}

/**
 * The documents of a text that count for its source: all of a standalone one, the first alone of one with static pods,
 * where JSON must be JSON.
 */
export function documentsFor(kind: "file" | "http" | "manifests", text: string): readonly YamlDocument[] {
  if (kind === "manifests") return readDocuments(text);
  const first = readFirstDocument(text);
  return ["error" in first ? first : first.node];
}

function documentOf(document: YamlDocument): TextDocument {
  return "error" in document ? document : { node: document };
}
