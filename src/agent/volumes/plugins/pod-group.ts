import type { Pod } from "../../../core/api/types.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";

/** Lets the pod's group use the volume, where the pod has one. Source: kubelet volume_linux.go SetVolumeOwnership. */
export async function givePodGroup(
  files: Pick<VolumeFiles, "setGroup">,
  pod: Pod,
  path: string,
  readOnly: boolean,
): Promise<void> {
  const { fsGroup: groupId, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
  if (groupId === undefined || readOnly) return;
  const policy = fsGroupChangePolicy === "OnRootMismatch" ? "OnRootMismatch" : "Always";
  await files.setGroup(path, { groupId, policy, readOnly: false });
}
