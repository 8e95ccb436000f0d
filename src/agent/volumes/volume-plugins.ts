import type { ResourceList } from "../../core/api/types.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { TokenSource } from "../../ports/token-source.ts";
import type { VolumeFiles } from "../../ports/volume-files.ts";
import type { RuntimeHealth } from "../node/runtime-health.ts";
import type { ObjectLookup } from "./object-lookup.ts";
import { configMapPlugin } from "./plugins/config-map.ts";
import { downwardApiPlugin } from "./plugins/downward-api.ts";
import { emptyDirPlugin } from "./plugins/empty-dir.ts";
import { hostPathPlugin } from "./plugins/host-path.ts";
import { imagePlugin } from "./plugins/image.ts";
import { projectedPlugin } from "./plugins/projected.ts";
import { secretPlugin } from "./plugins/secret.ts";
import { PodTokens } from "./pod-tokens.ts";
import type { VolumePlugin } from "./volume-plugin.ts";

export interface VolumePluginsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: VolumeFiles;
  readonly objects: ObjectLookup;
  readonly tokens: TokenSource;
  readonly health: Pick<RuntimeHealth, "version">;
}

export interface VolumePluginsOptions {
  /** What the node can give to pods. */
  readonly allocatable: ResourceList;
}

/** All kinds of volumes that this agent can make, in the order in which they are asked. */
export function volumePlugins(
  ports: VolumePluginsPorts,
  { allocatable }: VolumePluginsOptions,
): readonly VolumePlugin[] {
  const { files, objects, health } = ports;
  return [
    emptyDirPlugin(files, allocatable),
    hostPathPlugin(files),
    configMapPlugin(files, objects),
    secretPlugin(files, objects),
    downwardApiPlugin(files, allocatable),
    projectedPlugin({ files, objects, tokens: new PodTokens(ports) }, allocatable),
    imagePlugin(health),
  ];
}
