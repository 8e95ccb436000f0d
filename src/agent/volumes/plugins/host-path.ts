import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";

export function hostPathPlugin(files: VolumeFiles): VolumePlugin {
  return {
    name: "kubernetes.io/host-path",
    supports: ({ hostPath }) => hostPath !== undefined,
    supportsClaimed: (storage) => storage.kind === "volume" && storage.volume.spec?.hostPath !== undefined,
    mount: async ({ volume, claimed }) => {
      const persistent = claimed !== undefined && "volume" in claimed ? claimed : undefined;
      const { path = "", type = "" } = persistent?.volume.spec?.hostPath ?? volume.hostPath ?? {};
      return { mounted: { path: await files.hostPath(path, type), ...(persistent?.readOnly && { readOnly: true }) } };
    },
  };
}
