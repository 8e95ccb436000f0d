import type { Container, Pod } from "../api/types.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

/**
 * What ending a pod needs to know of it, from what its containers were labelled with: for a pod that nobody wants any
 * more and whose spec is lost. Its containers keep their preStop hooks and their ports.
 * Source: kubelet kuberuntime_container.go restoreSpecsFromContainerLabels.
 */
export function restoredPod({ uid, name, namespace, containerStatuses }: RuntimePodStatus): Pod {
  const graceSeconds = longestGraceSeconds(containerStatuses);
  return {
    metadata: { uid, name, namespace },
    spec: {
      containers: containerStatuses.map(restoredContainer),
      ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
    },
  };
}

/** The grace that the pod of these containers had; `undefined`: they do not say. */
export function longestGraceSeconds(containers: readonly RuntimeContainerStatus[]): number | undefined {
  const graces = containers.map(({ ending }) => ending?.graceSeconds).filter((grace) => grace !== undefined);
  return graces.length === 0 ? undefined : Math.max(...graces);
}

function restoredContainer({ name, ending }: RuntimeContainerStatus): Container {
  return {
    name,
    ...(ending?.preStop !== undefined && { lifecycle: { preStop: ending.preStop } }),
    ...(ending?.ports !== undefined && { ports: [...ending.ports] }),
  };
}
