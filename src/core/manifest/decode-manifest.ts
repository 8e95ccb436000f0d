import type { RuntimeClass } from "../api/runtime-class.ts";
import type { ConfigMap, Pod, Secret } from "../api/types.ts";
import type { StorageObject } from "../volume/storage-object.ts";
import type { DecodeIssue } from "./decode-issue.ts";
import { decodeStruct } from "./decode-struct.ts";
import { defaultConfigMap, defaultSecret } from "./default-objects.ts";
import { defaultStorageObject } from "./default-storage.ts";
import { entryOf, type ManifestNode } from "./manifest-node.ts";
import { nearestName } from "./nearest-name.ts";
import { typeMetaOf } from "./type-meta.ts";

/** An object of a manifest, decoded but for pods not yet defaulted. `line` is where it starts. */
export type DecodedObject =
  | { readonly kind: "Pod"; readonly pod: Pod; readonly line: number }
  | { readonly kind: "ConfigMap"; readonly configMap: ConfigMap; readonly line: number }
  | { readonly kind: "Secret"; readonly secret: Secret; readonly line: number }
  | { readonly kind: "RuntimeClass"; readonly runtimeClass: RuntimeClass; readonly line: number }
  | (StorageObject & { readonly line: number });

/** Objects that could be read, in document order, and everything that was wrong. An object with an issue is not among them. */
export interface DecodedManifest {
  readonly objects: readonly DecodedObject[];
  readonly issues: readonly DecodeIssue[];
}

const CORE_KINDS = ["Pod", "ConfigMap", "Secret", "PersistentVolume", "PersistentVolumeClaim"] as const;
const STORAGE_KINDS = ["StorageClass", "CSIDriver"] as const;
const NODE_KINDS = ["RuntimeClass"] as const;
type Kind = (typeof CORE_KINDS)[number] | (typeof STORAGE_KINDS)[number] | (typeof NODE_KINDS)[number];
/** The kinds that are handled, by the API version that they are written with. */
const KINDS: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ["v1", CORE_KINDS],
  ["storage.k8s.io/v1", STORAGE_KINDS],
  ["node.k8s.io/v1", NODE_KINDS],
]);
const LIST_KINDS: ReadonlyMap<string, Kind | undefined> = new Map([
  ["List", undefined],
  ...[...KINDS.values()].flat().map((kind): [string, Kind] => [`${kind}List`, kind]),
]);
const TYPE_META_FIELDS = new Set(["apiVersion", "kind", "metadata", "items"]);

/**
 * Decodes one document: an object of a kind that is handled, or a list of them. Unknown and duplicate fields are errors with a
 * hint, as for `kubectl apply --validate=strict`; `lenient` passes over them as the kubelet does. An empty document
 * gives nothing.
 */
export function decodeManifest(node: ManifestNode, options: { readonly lenient?: boolean } = {}): DecodedManifest {
  if (node.kind === "null") return { objects: [], issues: [] };
  const meta = typeMetaOf(node);
  if ("error" in meta) return failed("kind", "", node.line, meta.error);
  const lenient = options.lenient === true;
  const isList = KINDS.has(meta.apiVersion) && LIST_KINDS.has(meta.kind);
  const { objects, issues } = isList ? decodeList(node, meta.kind, lenient) : decodeObject(node, lenient);
  return { objects, issues: [...issues].sort((a, b) => a.line - b.line) };
}

function decodeList(node: ManifestNode, listKind: string, lenient: boolean): DecodedManifest {
  if (node.kind !== "map") return { objects: [], issues: [] };
  const items = entryOf(node, "items")?.value;
  if (items !== undefined && items.kind !== "list" && items.kind !== "null") {
    return failed("type", "items", items.line, "items must be a list");
  }
  const unknown: DecodeIssue[] = [];
  for (const entry of lenient ? [] : node.entries) {
    if (TYPE_META_FIELDS.has(entry.key)) continue;
    unknown.push({ code: "unknownField", field: entry.key, line: entry.line, text: `unknown field "${entry.key}"` });
  }
  const results = (items?.kind === "list" ? items.items : []).map((item, index) => {
    const decoded = decodeObject(item, lenient, LIST_KINDS.get(listKind));
    const issues = decoded.issues.map((issue) => ({ ...issue, field: within(`items[${index}]`, issue.field) }));
    return { objects: decoded.objects, issues };
  });
  return {
    objects: results.flatMap((result) => result.objects),
    issues: [...unknown, ...results.flatMap((result) => result.issues)],
  };
}

function within(parent: string, field: string): string {
  return field === "" ? parent : `${parent}.${field}`;
}

function decodeObject(node: ManifestNode, lenient: boolean, kindOfList?: Kind): DecodedManifest {
  const kind = kindOfList ?? kindOf(node);
  if (typeof kind === "object") return kind;
  const decoded = decodeStruct(node, kind);
  const issues = decoded.issues.filter(
    (issue) => !lenient || (issue.code !== "unknownField" && issue.code !== "duplicateField"),
  );
  if (issues.length > 0) return { objects: [], issues };
  return { objects: [objectOf(kind, decoded.value, node.line)], issues: [] };
}

function kindOf(node: ManifestNode): Kind | DecodedManifest {
  const meta = typeMetaOf(node);
  if ("error" in meta) return failed("kind", "", node.line, meta.error);
  const kinds = KINDS.get(meta.apiVersion) ?? [];
  const kind = kinds.find((known) => known === meta.kind);
  if (kind !== undefined) return kind;
  const line = node.kind === "map" ? (entryOf(node, "kind")?.line ?? node.line) : node.line;
  const text = `${meta.apiVersion} ${meta.kind} is not handled here: only ${handledKinds()} are`;
  const meant = nearestName(meta.kind, kinds);
  return failed("kind", "kind", line, text, meant === undefined ? undefined : `did you mean "${meant}"?`);
}

/** "v1 Pod, ConfigMap and Secret, ...". */
function handledKinds(): string {
  const listed = (kinds: readonly Kind[]) =>
    kinds.length === 1 ? kinds.join() : `${kinds.slice(0, -1).join(", ")} and ${kinds.at(-1) ?? ""}`;
  return [...KINDS].map(([version, kinds]) => `${version} ${listed(kinds)}`).join(", ");
}

function objectOf(kind: Kind, value: unknown, line: number): DecodedObject {
  if (kind === "Pod") return { kind, pod: value as Pod, line };
  if (kind === "RuntimeClass") return { kind, runtimeClass: value as RuntimeClass, line };
  if (kind === "ConfigMap") return { kind, configMap: defaultConfigMap(value as ConfigMap), line };
  if (kind === "Secret") return { kind, secret: defaultSecret(value as Secret), line };
  return { ...defaultStorageObject({ kind, object: value } as StorageObject), line };
}

function failed(code: DecodeIssue["code"], field: string, line: number, text: string, hint?: string): DecodedManifest {
  return { objects: [], issues: [{ code, field, line, text, ...(hint !== undefined && { hint }) }] };
}
