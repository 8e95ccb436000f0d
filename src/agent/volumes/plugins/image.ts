import { imageVolumeProblem } from "../../../core/images/image-volume.ts";
import type { RuntimeHealth } from "../../node/runtime-health.ts";
import type { VolumePlugin } from "../volume-plugin.ts";

/** The image is pulled and mounted with each container; here is only seen that the runtime can. */
export function imagePlugin(runtime: Pick<RuntimeHealth, "version">): VolumePlugin {
  return {
    name: "kubernetes.io/image",
    supports: ({ image }) => image !== undefined,
    mount: async () => {
      const problem = imageVolumeProblem(runtime.version);
      return problem === undefined ? { mounted: { path: "", readOnly: true, isImage: true } } : { error: problem };
    },
  };
}
