import type { RuntimeClass } from "../api/runtime-class.ts";
import type { ConfigMap, Pod, Secret } from "../api/types.ts";
import type { DecodeIssue } from "./decode-issue.ts";
import { decodeStruct } from "./decode-struct.ts";
import { defaultConfigMap, defaultSecret } from "./default-objects.ts";
import { entryOf, type ManifestNode } from "./manifest-node.ts";
import { nearestName } from "./nearest-name.ts";
import { typeMetaOf } from "./type-meta.ts";

/** An object of a manifest, decoded but for pods not yet defaulted. `line` is where it starts. */
export type DecodedObject =
  | { readonly kind: "Pod"; readonly pod: Pod; readonly line: number }
  | { readonly kind: "ConfigMap"; readonly configMap: ConfigMap; readonly line: number }
  | { readonly kind: "Secret"; readonly secret: Secret; readonly line: number }
  | { readonly kind: "RuntimeClass"; readonly runtimeClass: RuntimeClass; readonly line: number };

/** Objects that could be read, in document order, and everything that was wrong. An object with an issue is not among them. */
export interface DecodedManifest {
  readonly objects: readonly DecodedObject[];
  readonly issues: readonly DecodeIssue[];
}

const API_VERSIONS = { Pod: "v1", ConfigMap: "v1", Secret: "v1", RuntimeClass: "node.k8s.io/v1" } as const;
type Kind = keyof typeof API_VERSIONS;
const KINDS = Object.keys(API_VERSIONS) as readonly Kind[];
const LIST_KINDS: ReadonlyMap<string, Kind | undefined> = new Map([
  ["List", undefined],
  ["PodList", "Pod"],
  ["ConfigMapList", "ConfigMap"],
  ["SecretList", "Secret"],
]);
const TYPE_META_FIELDS = new Set(["apiVersion", "kind", "metadata", "items"]);

/**
 * Decodes one document: a Pod, ConfigMap, Secret, RuntimeClass, or a list of them. Unknown and duplicate fields are errors with a
 * hint, as for `kubectl apply --validate=strict`; `lenient` passes over them as the kubelet does. An empty document
 * gives nothing.
 */
export function decodeManifest(node: ManifestNode, options: { readonly lenient?: boolean } = {}): DecodedManifest {
  if (node.kind === "null") return { objects: [], issues: [] };
  const meta = typeMetaOf(node);
  if ("error" in meta) return failed("kind", "", node.line, meta.error);
  const lenient = options.lenient === true;
  const isList = meta.apiVersion === "v1" && LIST_KINDS.has(meta.kind);
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
  const kind = KINDS.find((known) => known === meta.kind);
  if (kind !== undefined && meta.apiVersion === API_VERSIONS[kind]) return kind;
  const line = node.kind === "map" ? (entryOf(node, "kind")?.line ?? node.line) : node.line;
  const handled = "only v1 Pod, ConfigMap and Secret and node.k8s.io/v1 RuntimeClass are";
  const text = `${meta.apiVersion} ${meta.kind} is not handled here: ${handled}`;
  const namesakes = KINDS.filter((known) => API_VERSIONS[known] === meta.apiVersion);
  const meant = nearestName(meta.kind, namesakes);
  return failed("kind", "kind", line, text, meant === undefined ? undefined : `did you mean "${meant}"?`);
}

function objectOf(kind: Kind, value: unknown, line: number): DecodedObject {
  if (kind === "Pod") return { kind, pod: value as Pod, line };
  if (kind === "RuntimeClass") return { kind, runtimeClass: value as RuntimeClass, line };
  if (kind === "ConfigMap") return { kind, configMap: defaultConfigMap(value as ConfigMap), line };
  return { kind, secret: defaultSecret(value as Secret), line };
}

function failed(code: DecodeIssue["code"], field: string, line: number, text: string, hint?: string): DecodedManifest {
  return { objects: [], issues: [{ code, field, line, text, ...(hint !== undefined && { hint }) }] };
}
