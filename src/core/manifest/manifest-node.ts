/**
 * A manifest as it was written: values with the line each of them starts on. Numbers keep their JSON text, because the
 * reference decodes `30` and `30.0` differently; maps keep order and duplicates and never touch a prototype.
 */
export type ManifestNode = NullNode | BoolNode | NumberNode | StringNode | ListNode | MapNode;

/** `line` counts from 1 in the file (not in the document); 0 when unknown. */
interface At {
  readonly line: number;
}
export interface NullNode extends At {
  readonly kind: "null";
}
export interface BoolNode extends At {
  readonly kind: "bool";
  readonly value: boolean;
}
/** `text` is a JSON number. */
export interface NumberNode extends At {
  readonly kind: "number";
  readonly text: string;
}
export interface StringNode extends At {
  readonly kind: "string";
  readonly value: string;
}
export interface ListNode extends At {
  readonly kind: "list";
  readonly items: readonly ManifestNode[];
}
/** Equal keys of JSON text are all among `entries`; of those of YAML text only the last is. */
export interface MapNode extends At {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
  /** Keys that YAML text has written again, where it did so the last time. */
  readonly repeated?: readonly RepeatedKey[];
}
export interface RepeatedKey extends At {
  readonly key: string;
}
/** `line` is the line of the key. */
export interface MapEntry extends At {
  readonly key: string;
  readonly value: ManifestNode;
}

/** The last entry with this key (later duplicates win, as in Go's decoders); absent when the map has none. */
export function entryOf(node: MapNode, key: string): MapEntry | undefined {
  return node.entries.findLast((entry) => entry.key === key);
}

/** Deepest nesting that any decoder here follows; Go's JSON and YAML decoders stop at 10000, where our stack would not. */
export const MAX_DEPTH = 1000;

/**
 * A plain JavaScript value (what JSON.parse returns) as a node without positions; `undefined` properties are left out.
 * Beyond `MAX_DEPTH` or in a cycle the answer is absent.
 */
export function nodeOf(value: unknown, depth = 0): ManifestNode | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (value === null || value === undefined) return { kind: "null", line: 0 };
  if (typeof value === "boolean") return { kind: "bool", value, line: 0 };
  if (typeof value === "number" || typeof value === "bigint") return { kind: "number", text: String(value), line: 0 };
  if (typeof value === "string") return { kind: "string", value, line: 0 };
  if (Array.isArray(value)) return listOf(value, depth);
  if (typeof value === "object") return mapOf(value, depth);
  return undefined;
}

function listOf(values: readonly unknown[], depth: number): ManifestNode | undefined {
  const items: ManifestNode[] = [];
  for (const value of values) {
    const item = nodeOf(value, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return { kind: "list", items, line: 0 };
}

function mapOf(value: object, depth: number): ManifestNode | undefined {
  const entries: MapEntry[] = [];
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const node = nodeOf(child, depth + 1);
    if (node === undefined) return undefined;
    entries.push({ key, value: node, line: 0 });
  }
  return { kind: "map", entries, line: 0 };
}
