/** The text of a configuration file as documents with line numbers; a key that is written twice is a fault. */
import { LineCounter, parseAllDocuments } from "yaml";
import type { ConfigurationDocument, Path } from "../core/config/index.ts";
import type { ManifestNode } from "../core/manifest/manifest-node.ts";
import { entryOf } from "../core/manifest/manifest-node.ts";
import { toPlain } from "../core/manifest/plain.ts";
import { readDocuments } from "../host/files/manifest-text.ts";

export interface TextFault {
  readonly message: string;
  readonly line?: number;
}

export interface ConfigurationText {
  readonly documents: readonly ConfigurationDocument[];
  /** Where there are any, `documents` is not complete. */
  readonly faults: readonly TextFault[];
}

/** YAML or JSON, several documents; empty documents are left out. */
export function parseConfigurationText(text: string): ConfigurationText {
  const documents: ConfigurationDocument[] = [];
  const faults: TextFault[] = [];
  for (const document of readDocuments(text)) {
    if ("error" in document) faults.push(faultAt(document.error, document.line));
    else if (document.kind !== "null") documents.push(documentOf(document));
  }
  return { documents, faults: faults.length > 0 ? faults : repeatedKeys(text) };
}

function faultAt(message: string, line: number): TextFault {
  return line > 0 ? { message: message.replace(/^yaml: line \d+: /, "yaml: "), line } : { message };
}

function documentOf(node: ManifestNode): ConfigurationDocument {
  return { value: toPlain(node), lineOf: (path) => lineOf(node, path) };
}

function lineOf(node: ManifestNode, path: Path): number | undefined {
  let current: ManifestNode | undefined = node;
  let line = node.line;
  for (const part of path) {
    if (current?.kind === "list" && typeof part === "number") {
      current = current.items[part];
      line = current?.line || line;
    } else if (current?.kind === "map" && typeof part === "string") {
      const entry: ReturnType<typeof entryOf> = entryOf(current, part);
      current = entry?.value;
      line = entry?.line || line;
    } else {
      break;
    }
  }
  return line > 0 ? line : undefined;
}

/** The manifest reader lets the last of equal keys win, as a pod manifest's reader must; a configuration must not. */
function repeatedKeys(text: string): readonly TextFault[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { version: "1.1", uniqueKeys: true, prettyErrors: false, lineCounter: lines });
  const errors = Array.isArray(parsed) ? parsed.flatMap((document) => document.errors) : [];
  return errors
    .filter((error) => error.code === "DUPLICATE_KEY")
    .map((error) => {
      const key = /^[^\s:]+|^"(?:[^"\\]|\\.)*"/.exec(text.slice(error.pos[0]))?.[0] ?? "";
      const name = JSON.stringify(key.replace(/^["']|["']$/g, ""));
      return { message: `key ${name} is set twice`, line: lines.linePos(error.pos[0]).line };
    });
}
