/** Pods of `--manifests`: named as written, treated like pods of the API, bound to this node unless they name another. */
import type { Container, Pod, PodSpec } from "../api/types.ts";
import { SYSTEM_CRITICAL_PRIORITY } from "./critical.ts";
import { staticPodUid } from "./static-pod-uid.ts";

/** Marks a pod that this node's own manifests made, and names the file. */
export const MANIFEST_ANNOTATION = "tskubelet.dev/manifest";

/** Whether the pod came from `--manifests`. */
export function isStandalonePod(pod: Pod): boolean {
  return pod.metadata?.annotations?.[MANIFEST_ANNOTATION] !== undefined;
}

/**
 * The pod as this node runs it. Its UID depends on its name and on what Kubernetes lets nobody change in a running pod:
 * an edit of the rest (images, labels, annotations, deadline, tolerations, ephemeral containers) changes the pod in
 * place, any other edit makes a new pod that waits for the old one to end. `written` is the pod before defaulting, so that new defaults of a
 * later version replace no pod.
 */
export function standalonePod(
  pod: Pod,
  written: Pod,
  options: { readonly nodeName: string; readonly path: string },
): Pod {
  const metadata = pod.metadata ?? {};
  const namespace = metadata.namespace || "default";
  const spec = pod.spec ?? { containers: [] };
  return {
    ...pod,
    metadata: {
      ...metadata,
      namespace,
      uid: metadata.uid || standaloneUid(written, namespace),
      annotations: { ...metadata.annotations, [MANIFEST_ANNOTATION]: options.path },
    },
    spec: { ...spec, nodeName: spec.nodeName || options.nodeName, ...priorityOf(spec) },
    status: { phase: "Pending" },
  };
}

/** The classes that every cluster has; of others the manifest must say the number. Source: scheduling/v1 types.go. */
const SYSTEM_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", SYSTEM_CRITICAL_PRIORITY],
  ["system-node-critical", SYSTEM_CRITICAL_PRIORITY + 1000],
]);

function priorityOf({ priority, priorityClassName }: PodSpec): Pick<PodSpec, "priority"> {
  const known = priority ?? SYSTEM_PRIORITIES.get(priorityClassName ?? "");
  return known === undefined ? {} : { priority: known };
}

function standaloneUid(pod: Pod, namespace: string): string {
  const {
    activeDeadlineSeconds: _,
    tolerations: __,
    ephemeralContainers: ___,
    ...spec
  } = pod.spec ?? { containers: [] };
  const fixed = {
    ...spec,
    containers: spec.containers?.map(withoutImage),
    initContainers: spec.initContainers?.map(withoutImage),
  };
  const hex = staticPodUid(fixed, `standalone ${namespace}/${pod.metadata?.name ?? ""}`);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function withoutImage({ image: _, ...container }: Container): Omit<Container, "image"> {
  return container;
}
