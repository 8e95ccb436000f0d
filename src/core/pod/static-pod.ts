import type { Pod, Toleration } from "../api/types.ts";
import { staticPodUid } from "./static-pod-uid.ts";
import type { ValidationRules } from "./validation/rules.ts";

/** Where a static pod comes from. `location` is the file's path or the URL. */
export interface StaticPodSource {
  readonly nodeName: string;
  readonly location: string;
  readonly isFile: boolean;
  /** Default "current". */
  readonly rules?: ValidationRules;
}

/** Set on every static pod: its UID as the source gave it. */
export const CONFIG_HASH_ANNOTATION = "kubernetes.io/config.hash";

const TOLERATE_NO_EXECUTE: Toleration = { operator: "Exists", effect: "NoExecute" };

/**
 * A pod (decoded and defaulted) as the static pod of a node: named after the node, bound to it, with a UID made from its
 * content and origin unless it has one, pending; from a file also immune to NoExecute taints.
 * Source: kubelet config/common.go applyDefaults.
 */
export function staticPod(pod: Pod, source: StaticPodSource): Pod {
  const metadata = pod.metadata ?? {};
  const spec = pod.spec ?? { containers: [] };
  const uid = metadata.uid || staticPodUid(pod, originOf(source));
  return {
    ...pod,
    metadata: {
      ...metadata,
      name: `${metadata.name ?? ""}-${source.nodeName.toLowerCase()}`,
      namespace: metadata.namespace || "default",
      uid,
      annotations: { ...metadata.annotations, [CONFIG_HASH_ANNOTATION]: uid },
    },
    spec: {
      ...spec,
      nodeName: source.nodeName,
      ...(source.isFile && { tolerations: withToleration(spec.tolerations ?? [], TOLERATE_NO_EXECUTE) }),
    },
    status: { ...pod.status, phase: "Pending" },
  };
}

function originOf(source: StaticPodSource): string {
  return source.isFile ? `host:${source.nodeName}file:${source.location}` : `url:${source.location}`;
}

/** Replaces tolerations that match the same taints (their seconds may differ), else adds at the end. */
function withToleration(tolerations: readonly Toleration[], added: Toleration): readonly Toleration[] {
  if (!tolerations.some((toleration) => matches(toleration, added))) return [...tolerations, added];
  return tolerations.map((toleration) => (matches(toleration, added) ? added : toleration));
}

function matches(a: Toleration, b: Toleration): boolean {
  const same = (left: string | undefined, right: string | undefined) => (left ?? "") === (right ?? "");
  return same(a.key, b.key) && same(a.effect, b.effect) && same(a.operator, b.operator) && same(a.value, b.value);
}
