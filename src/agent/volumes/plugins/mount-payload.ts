import type { Pod } from "../../../core/api/types.ts";
import type { Payload } from "../../../core/volume/payload.ts";
import type { VolumePlace } from "../../../core/volume/state.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { MountOutcome } from "../volume-plugin.ts";

export interface PayloadTarget {
  readonly uid: string;
  readonly pod: Pod;
  readonly place: VolumePlace;
  readonly inMemory: boolean;
}

/** Writes the files of a configMap, secret, downwardAPI or projected volume. */
export async function mountPayload(
  files: VolumeFiles,
  { uid, pod, place, inMemory }: PayloadTarget,
  payload: Payload,
): Promise<MountOutcome> {
  if ("error" in payload) return payload;
  const groupId = pod.spec?.securityContext?.fsGroup;
  const volume = { ...place, inMemory, ...(groupId !== undefined && { groupId }) };
  const path = await files.writePayload(uid, volume, payload.files);
  // Source: GetAttributes of these plugins: what a container writes there would be lost with the next update.
  return { mounted: { path, readOnly: true, isRelabelable: true } };
}
