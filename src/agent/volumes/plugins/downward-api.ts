import type { ResourceList } from "../../../core/api/types.ts";
import { downwardPayload } from "../../../core/volume/downward-payload.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { mountPayload } from "./mount-payload.ts";

const KIND = "kubernetes.io~downward-api";

export function downwardApiPlugin(files: VolumeFiles, allocatable: ResourceList): VolumePlugin {
  return {
    name: "kubernetes.io/downward-api",
    supports: ({ downwardAPI }) => downwardAPI !== undefined,
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    followsPod: true,
    mount: ({ uid, pod, volume }) => {
      const { items = [], defaultMode } = volume.downwardAPI ?? {};
      const payload = downwardPayload(items, { pod, allocatable }, defaultMode);
      return mountPayload(files, { uid, pod, place: { kind: KIND, name: volume.name }, inMemory: true }, payload);
    },
  };
}
