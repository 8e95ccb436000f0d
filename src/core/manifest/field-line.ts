import { entryOf, type ManifestNode } from "./manifest-node.ts";

/**
 * Line (from 1) of the value at a Kubernetes field path (`spec.containers[0].ports[1].name`), or of its nearest parent
 * that the document has.
 */
export function lineOfField(root: ManifestNode, field: string): number {
  let node = root;
  let line = root.line;
  for (const step of stepsOf(field)) {
    const next = typeof step === "number" ? itemOf(node, step) : entryIn(node, step);
    if (next === undefined) return line;
    node = next.node;
    line = next.line;
  }
  return line;
}

interface Found {
  readonly node: ManifestNode;
  readonly line: number;
}

function entryIn(node: ManifestNode, key: string): Found | undefined {
  const entry = node.kind === "map" ? entryOf(node, key) : undefined;
  return entry && { node: entry.value, line: entry.line };
}

function itemOf(node: ManifestNode, index: number): Found | undefined {
  const item = node.kind === "list" ? node.items[index] : undefined;
  return item && { node: item, line: item.line };
}

/** Brackets hold an index of a list or a key of a map (`limits[cpu]`). */
function stepsOf(field: string): readonly (string | number)[] {
  const steps = field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g);
  return [...steps].map(([text, inner]) => {
    if (inner === undefined) return text;
    return /^\d+$/.test(inner) ? Number(inner) : inner;
  });
}
