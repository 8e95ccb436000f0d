import type { StorageFiles } from "../../../ports/storage-files.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { MountOutcome, VolumePlugin } from "../volume-plugin.ts";
import { givePodGroup } from "./pod-group.ts";

/**
 * Local volumes: a directory, or with `volumeMode: Block` a block device. Differs: it is used where it is; the kubelet
 * binds it into the pod's directory. Source of the words: volume/local local.go.
 */
export function localVolumePlugin(storage: StorageFiles, files: Pick<VolumeFiles, "setGroup">): VolumePlugin {
  return {
    name: "kubernetes.io/local-volume",
    supports: () => false,
    supportsClaimed: (claimed) => claimed.kind === "volume" && claimed.volume.spec?.local !== undefined,
    measure: async ({ claimed }) =>
      claimed !== undefined && "volume" in claimed && claimed.volume.spec?.volumeMode === "Block"
        ? undefined
        : { kind: "filesystem" },
    mount: async ({ pod, claimed }): Promise<MountOutcome> => {
      if (claimed === undefined || !("volume" in claimed)) return { error: "the claim is not bound to a volume" };
      const { volume, readOnly } = claimed;
      const path = volume.spec?.local?.path ?? "";
      const kind = await storage.kindOf(path);
      if (kind === undefined) return { error: `path "${path}" does not exist` };
      if (volume.spec?.volumeMode === "Block") {
        if (kind !== "blockDevice") return { error: `path "${path}" is not a block device, and volumeMode is Block` };
        return { mounted: { path, isBlock: true, ...(readOnly && { readOnly }) } };
      }
      if (kind === "blockDevice") {
        return {
          error: `path "${path}" is a block device: mount its filesystem and name that directory, or use volumeMode: Block`,
        };
      }
      if (kind !== "directory") return { error: `path "${path}" is not a directory` };
      await givePodGroup(files, pod, path, readOnly);
      return { mounted: { path, ...(readOnly && { readOnly }) } };
    },
  };
}
