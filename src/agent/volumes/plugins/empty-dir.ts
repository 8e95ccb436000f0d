import type { Pod, ResourceList, Volume } from "../../../core/api/types.ts";
import { hugePageMediumBytes, memoryVolumeBytes } from "../../../core/volume/empty-dir.ts";
import type { EmptyDirOptions, VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";

const KIND = "kubernetes.io~empty-dir";

export function emptyDirPlugin(files: VolumeFiles, allocatable: ResourceList): VolumePlugin {
  return {
    name: "kubernetes.io/empty-dir",
    // A volume without a source is an emptyDir by default.
    supports: (volume) => volume.emptyDir !== undefined || Object.keys(volume).every((key) => key === "name"),
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    mount: async ({ uid, pod, volume }) => {
      const options = optionsOf(volume, pod, allocatable);
      if ("error" in options) return options;
      const groupId = pod.spec?.securityContext?.fsGroup;
      const path = await files.emptyDir(uid, volume.name, { ...options, ...(groupId !== undefined && { groupId }) });
      return { mounted: { path, isRelabelable: true } };
    },
  };
}

function optionsOf(
  { emptyDir = {} }: Volume,
  pod: Pod,
  allocatable: ResourceList,
): EmptyDirOptions | { readonly error: string } {
  const { medium = "", sizeLimit } = emptyDir;
  if (medium === "Memory") {
    const sizeLimitBytes = memoryVolumeBytes(sizeLimit, pod, allocatable);
    return { medium, ...(sizeLimitBytes !== undefined && { sizeLimitBytes }) };
  }
  if (!medium.startsWith("HugePages")) return { medium };
  const page = hugePageMediumBytes(medium, pod);
  return "error" in page ? page : { medium, hugePageBytes: page.pageBytes };
}
