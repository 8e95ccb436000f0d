/** How much room the volumes take that do not simply lie in their pod's directory. */
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { MeasuredVolume, MeasuredVolumes } from "../stats/disk-ledger.ts";
import { claimOf } from "./claims/claimed-volume.ts";
import type { VolumeManager } from "./volume-manager.ts";
import { pluginFor } from "./volume-operations.ts";
import type { VolumePlugin } from "./volume-plugin.ts";

export interface VolumeMeasuresPorts {
  readonly log: Log;
  readonly volumes: Pick<VolumeManager, "mounted">;
  readonly plugins: readonly VolumePlugin[];
}

export class VolumeMeasures implements MeasuredVolumes {
  readonly #ports: VolumeMeasuresPorts;

  constructor(ports: VolumeMeasuresPorts) {
    this.#ports = ports;
  }

  /** What cannot be measured now is left out. */
  async measure(uid: string, signal: AbortSignal): Promise<readonly MeasuredVolume[]> {
    const { log, volumes, plugins } = this.#ports;
    const measured: MeasuredVolume[] = [];
    for (const [volume, { path }] of volumes.mounted(uid)) {
      const { name } = volume.volume;
      try {
        const measure = await pluginFor(plugins, volume)?.measure?.(volume, path, signal);
        if (measure !== undefined) measured.push({ name, path, measure, ...claimOf(volume) });
      } catch (error) {
        log.warn("volume not measured", { podUid: uid, volume: name, error: errorMessage(error) });
      }
    }
    return measured;
  }
}
