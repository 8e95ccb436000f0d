import type { StorageObjects } from "../../../../core/volume/storage-object.ts";
import type { Clock } from "../../../../ports/clock.ts";
import type { Log } from "../../../../ports/log.ts";
import type { StorageFiles } from "../../../../ports/storage-files.ts";
import type { VolumeFiles } from "../../../../ports/volume-files.ts";
import type { CsiRegistry } from "../../../csi/csi-registry.ts";
import type { ObjectLookup } from "../../object-lookup.ts";

export interface CsiVolumesPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Pick<CsiRegistry, "driver">;
  readonly storage: StorageFiles;
  readonly files: Pick<VolumeFiles, "setGroup">;
  readonly objects: Pick<ObjectLookup, "secret"> & { readonly storage: StorageObjects };
}

export interface CsiVolumesOptions {
  /** The agent's directory, as the kernel lists mounts: without links. */
  readonly rootDir: string;
  readonly nodeName: string;
}
