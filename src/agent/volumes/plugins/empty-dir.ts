import { bytesOf } from "../../../core/quantity/index.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";

const KIND = "kubernetes.io~empty-dir";

export function emptyDirPlugin(files: VolumeFiles): VolumePlugin {
  return {
    name: "kubernetes.io/empty-dir",
    // A volume without a source is an emptyDir by default.
    supports: (volume) => volume.emptyDir !== undefined || Object.keys(volume).every((key) => key === "name"),
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    mount: async ({ uid, pod, volume }) => {
      const { medium = "", sizeLimit } = volume.emptyDir ?? {};
      const limit = sizeLimit === undefined ? {} : { sizeLimitBytes: bytesOf(sizeLimit) };
      const path = await files.emptyDir(uid, volume.name, { medium, ...limit });
      const groupId = pod.spec?.securityContext?.fsGroup;
      if (groupId !== undefined) await files.setGroup(path, { groupId, policy: "OnRootMismatch", readOnly: false });
      return { mounted: { path, isRelabelable: true } };
    },
  };
}
