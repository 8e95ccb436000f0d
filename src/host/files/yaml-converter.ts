import { type Document, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { MAX_DEPTH, type ManifestNode, type MapEntry, type RepeatedKey } from "../../core/manifest/manifest-node.ts";
import { compareBytes } from "../../core/manifest/plain.ts";
import { resolveKey, resolvePlainScalar } from "../../core/manifest/yaml-scalar.ts";

/** Values that a document may stand for once its aliases are followed: more than this is an attack or a mistake. */
const MAX_VALUES = 1_000_000;
const TAG = "tag:yaml.org,2002:";

class ConversionError extends Error {}

/** A converted value and how many values it stands for, aliases counted each time. */
interface Converted {
  readonly node: ManifestNode;
  readonly size: number;
  /** Levels of nesting. */
  readonly depth: number;
}

/** Turns parsed YAML documents into manifest nodes; one converter per text. */
export class YamlConverter {
  private readonly lineAt: (offset: number) => number;
  private anchors = new Map<string, Converted | "open">();
  private depth = 0;

  constructor(lineAt: (offset: number) => number) {
    this.lineAt = lineAt;
  }

  convert(document: Document.Parsed): ManifestNode | { readonly error: string; readonly line: number } {
    this.anchors = new Map();
    this.depth = 0;
    try {
      return this.value(document.contents).node;
    } catch (error) {
      if (error instanceof ConversionError) return { error: error.message, line: 0 };
      throw error;
    }
  }

  private value(source: unknown): Converted {
    if (this.depth >= MAX_DEPTH) throw new ConversionError("yaml: exceeded max depth");
    if (isAlias(source)) return this.alias(source.source);
    const anchor = isScalar(source) || isMap(source) || isSeq(source) ? source.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, "open");
    this.depth += 1;
    const converted = this.ownValue(source);
    this.depth -= 1;
    if (converted.size > MAX_VALUES) throw new ConversionError("yaml: document contains excessive aliasing");
    if (anchor !== undefined) this.anchors.set(anchor, converted);
    return converted;
  }

  private ownValue(source: unknown): Converted {
    if (isScalar(source)) return { node: this.scalar(source), size: 1, depth: 1 };
    if (isSeq(source)) return this.list(source);
    if (isMap(source)) return this.map(source);
    return { node: { kind: "null", line: 0 }, size: 1, depth: 1 };
  }

  private alias(name: string): Converted {
    const target = this.anchors.get(name);
    if (target === undefined) throw new ConversionError(`yaml: unknown anchor '${name}' referenced`);
    if (target === "open") throw new ConversionError(`yaml: anchor '${name}' value contains itself`);
    if (this.depth + target.depth > MAX_DEPTH) throw new ConversionError("yaml: exceeded max depth");
    return target;
  }

  private scalar(source: Scalar): ManifestNode {
    const line = this.lineOf(source);
    const text = typeof source.value === "string" ? source.value : (source.source ?? "");
    const tag = source.tag;
    const isPlain = source.type === "PLAIN" || source.type === undefined;
    if (tag === undefined ? !isPlain : !tag.startsWith(TAG) || tag === `${TAG}str`) {
      return { kind: "string", value: text, line };
    }
    if (tag === `${TAG}binary`) return { kind: "string", value: decodeBinary(text), line };
    const resolved = resolvePlainScalar(text, line);
    if ("error" in resolved) throw new ConversionError(resolved.error);
    if (tag !== undefined) checkTag(tag.slice(TAG.length), resolved, text);
    return resolved;
  }

  private list(source: YAMLSeq): Converted {
    const items = source.items.map((item) => this.value(item));
    return {
      node: { kind: "list", items: items.map((item) => item.node), line: this.lineOf(source) },
      size: sum(items),
      depth: deepest(items),
    };
  }

  /** Entries in the order of Go's JSON, as the reference turns YAML into JSON before it looks at it. */
  private map(source: YAMLMap): Converted {
    const entries = new Map<string, MapEntry>();
    const written = new Set<string>();
    const repeated: RepeatedKey[] = [];
    const parts: Converted[] = [];
    for (const pair of source.items) {
      const value = this.pairValue(pair.key, pair.value, entries, (key, line) => {
        if (written.has(key)) repeated.push({ key, line });
        written.add(key);
      });
      parts.push(value);
    }
    const sorted = [...entries.values()].sort((a, b) => compareBytes(a.key, b.key));
    return {
      node: {
        kind: "map",
        entries: sorted,
        line: this.lineOf(source),
        ...(repeated.length > 0 && { repeated }),
      },
      size: sum(parts),
      depth: deepest(parts),
    };
  }

  private pairValue(
    keySource: unknown,
    valueSource: unknown,
    entries: Map<string, MapEntry>,
    onKey: (key: string, line: number) => void,
  ): Converted {
    if (isScalar(keySource) && keySource.value === "<<" && keySource.type === "PLAIN") {
      const merged = this.value(valueSource);
      merge(merged.node, entries);
      return merged;
    }
    const keyNode = this.value(keySource).node;
    const key = resolveKey(keyNode);
    if ("error" in key) throw new ConversionError(`yaml: ${key.error}`);
    const value = this.value(valueSource);
    const line = keyNode.line || value.node.line;
    entries.set(key.key, { key: key.key, value: value.node, line });
    onKey(key.key, line);
    return value;
  }

  private lineOf(source: Scalar | YAMLMap | YAMLSeq): number {
    return source.range ? this.lineAt(source.range[0]) : 0;
  }
}

/** Source: gopkg.in/yaml.v2 decode.go merge: of several maps the first wins, and a merge replaces keys written before it. */
function merge(node: ManifestNode, entries: Map<string, MapEntry>): void {
  const maps = node.kind === "list" ? [...node.items].reverse() : [node];
  for (const map of maps) {
    if (map.kind !== "map") {
      throw new ConversionError("yaml: map merge requires map or sequence of maps as the value");
    }
    for (const entry of map.entries) entries.set(entry.key, entry);
  }
}

function checkTag(tag: string, resolved: ManifestNode, text: string): void {
  const isInteger = resolved.kind === "number" && /^-?\d+$/.test(resolved.text);
  const fits =
    (tag === "int" && isInteger) ||
    (tag === "float" && resolved.kind === "number") ||
    (tag === "bool" && resolved.kind === "bool") ||
    (tag === "null" && resolved.kind === "null") ||
    (tag === "timestamp" && resolved.kind === "string");
  if (!fits) throw new ConversionError(`yaml: cannot decode !!${resolved.kind} \`${text}\` as a !!${tag}`);
}

function decodeBinary(text: string): string {
  const compact = text.replace(/\s/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new ConversionError("yaml: !!binary value contains invalid base64 data");
  }
  return Buffer.from(compact, "base64").toString("utf8");
}

function sum(parts: readonly Converted[]): number {
  return parts.reduce((total, part) => total + part.size, 1);
}

function deepest(parts: readonly Converted[]): number {
  return parts.reduce((depth, part) => Math.max(depth, part.depth), 0) + 1;
}
