import type { StorageFiles } from "../../../ports/storage-files.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { givePodGroup } from "./pod-group.ts";

/** Kind of the directories that go with their pod; those of other claims have no place in it. */
const KIND = "tskubelet.dev~claim";

/** Claims that are bound to a directory of this node. */
export function claimDirectoryPlugin(storage: StorageFiles, files: Pick<VolumeFiles, "setGroup">): VolumePlugin {
  return {
    name: "tskubelet.dev/claim",
    supports: () => false,
    supportsClaimed: ({ kind }) => kind === "directory",
    place: ({ volume, claimed }) =>
      volume.ephemeral !== undefined && claimed !== undefined && "path" in claimed
        ? { kind: KIND, name: claimed.claim.metadata?.name ?? "" }
        : undefined,
    measure: async () => ({ kind: "directory" }),
    mount: async ({ pod, claimed }) => {
      if (claimed === undefined || !("path" in claimed)) return { error: "the claim is not bound to a directory" };
      const { path, readOnly } = claimed;
      await storage.claimDirectory(path);
      await givePodGroup(files, pod, path, readOnly);
      return { mounted: { path, isRelabelable: true, ...(readOnly && { readOnly }) } };
    },
  };
}
