import type { Pod } from "../api/types.ts";
import { defaultPod } from "../pod/defaults.ts";
import { type StaticPodSource, staticPod } from "../pod/static-pod.ts";
import type { FieldError } from "../pod/validation/field-error.ts";
import { validatePod } from "../pod/validation/validate-pod.ts";
import type { DecodeIssue } from "./decode-issue.ts";
import { decodeStruct } from "./decode-struct.ts";
import { V1_KINDS } from "./known-kinds.ts";
import { entryOf, type ManifestNode } from "./manifest-node.ts";
import { typeMetaOf } from "./type-meta.ts";

/**
 * A static pod ready to run, or why there is none: `error` in the kubelet's words, `errors` when validation refused it,
 * `issues` (with lines) when decoding did.
 */
export type StaticPodResult =
  | { readonly pod: Pod }
  | { readonly error: string; readonly errors?: readonly FieldError[]; readonly issues?: readonly DecodeIssue[] };

const SCHEME = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

/**
 * Reads the static pod of one document; unknown fields are passed over. `body`: the document's text where it was JSON.
 * Source: kubelet config/common.go tryDecodeSinglePod.
 */
export function readStaticPod(node: ManifestNode, source: StaticPodSource, body?: string): StaticPodResult {
  const wrongKind = kindError(node, "Pod", body);
  return wrongKind === undefined ? readPod(node, source) : { error: wrongKind };
}

/**
 * As `readStaticPod` for what a URL serves: one pod or a v1 PodList. A list with one bad pod gives that error alone.
 * Source: kubelet config/http.go extractFromURL, tryDecodePodList.
 */
export function readStaticPods(
  node: ManifestNode,
  source: StaticPodSource,
  body?: string,
): { readonly pods: readonly Pod[] } | Exclude<StaticPodResult, { readonly pod: Pod }> {
  if (kindError(node, "PodList", body) !== undefined) {
    const result = readStaticPod(node, source, body);
    return "pod" in result ? { pods: [result.pod] } : result;
  }
  const items = node.kind === "map" ? entryOf(node, "items")?.value : undefined;
  if (items !== undefined && items.kind !== "list" && items.kind !== "null") {
    const decoded = decodeStruct(node, "PodList");
    return { error: decoded.failure ?? "", issues: decoded.issues };
  }
  const pods: Pod[] = [];
  for (const item of items?.kind === "list" ? items.items : []) {
    const result = readPod(item, source);
    if (!("pod" in result)) return result;
    pods.push(result.pod);
  }
  return { pods };
}

function readPod(node: ManifestNode, source: StaticPodSource): StaticPodResult {
  const decoded = decodeStruct(node, "Pod");
  if (decoded.failure !== undefined) {
    const issues = decoded.issues.filter((issue) => issue.code !== "unknownField" && issue.code !== "duplicateField");
    return { error: decoded.failure, issues };
  }
  const pod = completed(decoded.value, source);
  const errors = validatePod(pod, source);
  if (errors.length === 0) return { pod };
  // The reference shows quantities as they were written.
  const shown = validatePod(completed(decodeStruct(node, "Pod", "written").value, source), source);
  return { error: `invalid pod: [${shown.map((error) => error.text).join(" ")}]`, errors: shown };
}

/** The reference's conversion to its internal type and back loses apiVersion and kind; nothing needs them. */
function completed(decoded: object, source: StaticPodSource): Pod {
  const { apiVersion: _apiVersion, kind: _kind, ...written } = decoded as Pod;
  return staticPod(defaultPod(written), source);
}

function kindError(node: ManifestNode, wanted: "Pod" | "PodList", body: string | undefined): string | undefined {
  const meta = typeMetaOf(node, body);
  if ("error" in meta) return meta.error;
  if (meta.apiVersion === "v1" && meta.kind === wanted) return undefined;
  if (meta.apiVersion === "v1" && V1_KINDS.has(meta.kind)) return `invalid pod: v1 ${meta.kind}`;
  const kind = JSON.stringify(meta.kind);
  return `no kind ${kind} is registered for version ${JSON.stringify(meta.apiVersion)} in scheme "${SCHEME}"`;
}
