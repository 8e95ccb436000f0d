/** What an API server adds to a pod that names a RuntimeClass. */
import type { RuntimeClass } from "../api/runtime-class.ts";
import type { Pod } from "../api/types.ts";
import { isStandalonePod } from "../pod/standalone-pod.ts";

/**
 * A standalone pod with its class's overhead, node selector and tolerations; what the pod says itself stays. Others are as
 * their source gave them. Source: plugin/pkg/admission/runtimeclass. Differs: an overhead of the pod's own that is another
 * than the class's is kept, not refused.
 */
export function withRuntimeClass(pod: Pod, classes: ReadonlyMap<string, RuntimeClass>): Pod {
  const runtimeClass = classes.get(pod.spec?.runtimeClassName ?? "");
  if (runtimeClass === undefined || pod.spec === undefined || !isStandalonePod(pod)) return pod;
  const { overhead, scheduling } = runtimeClass;
  const { nodeSelector, tolerations = [] } = scheduling ?? {};
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(overhead?.podFixed !== undefined && { overhead: pod.spec.overhead ?? overhead.podFixed }),
      ...(nodeSelector !== undefined && { nodeSelector: { ...nodeSelector, ...pod.spec.nodeSelector } }),
      ...(tolerations.length > 0 && { tolerations: [...(pod.spec.tolerations ?? []), ...tolerations] }),
    },
  };
}
