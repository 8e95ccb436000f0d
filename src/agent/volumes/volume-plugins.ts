import type { VolumeFiles } from "../../ports/volume-files.ts";
import type { ObjectLookup } from "./object-lookup.ts";
import { configMapPlugin } from "./plugins/config-map.ts";
import { emptyDirPlugin } from "./plugins/empty-dir.ts";
import { hostPathPlugin } from "./plugins/host-path.ts";
import { secretPlugin } from "./plugins/secret.ts";
import type { VolumePlugin } from "./volume-plugin.ts";

export interface VolumePluginsPorts {
  readonly files: VolumeFiles;
  readonly objects: ObjectLookup;
}

/** All kinds of volumes that this agent can make, in the order in which they are asked. */
export function volumePlugins({ files, objects }: VolumePluginsPorts): readonly VolumePlugin[] {
  return [emptyDirPlugin(files), hostPathPlugin(files), configMapPlugin(files, objects), secretPlugin(files, objects)];
}
