/** Claims of generic ephemeral volumes: made for a pod, gone with it. */
import type { PersistentVolumeClaim, Pod, Volume } from "../../api/types.ts";

/** Name of the claim of a pod's ephemeral volume. Source: component-helpers storage/ephemeral VolumeClaimName. */
export function podClaimName(pod: Pod, volume: Volume): string {
  return `${pod.metadata?.name ?? ""}-${volume.name}`;
}

/** The claims of a pod's ephemeral volumes. Source: controller volume/ephemeral handleVolume. */
export function podClaims(pod: Pod): readonly PersistentVolumeClaim[] {
  const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const template = volume.ephemeral?.volumeClaimTemplate;
    if (template === undefined) return [];
    const { labels, annotations } = template.metadata ?? {};
    return [
      {
        metadata: {
          name: podClaimName(pod, volume),
          namespace,
          ...(labels && { labels }),
          ...(annotations && { annotations }),
          ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid, controller: true, blockOwnerDeletion: true }],
        },
        spec: template.spec,
        status: { phase: "Pending" },
      },
    ];
  });
}
