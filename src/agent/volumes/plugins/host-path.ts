import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";

export function hostPathPlugin(files: VolumeFiles): VolumePlugin {
  return {
    name: "kubernetes.io/host-path",
    supports: ({ hostPath }) => hostPath !== undefined,
    mount: async ({ volume }) => {
      const { path = "", type = "" } = volume.hostPath ?? {};
      return { mounted: { path: await files.hostPath(path, type) } };
    },
  };
}
