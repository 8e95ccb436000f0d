/** Plugins of the simulated node: there are none. */
import type { CsiDrivers, PluginSockets } from "../../ports/csi.ts";
import { CsiError } from "../../ports/errors.ts";

export function simPluginSockets(): PluginSockets {
  const nobody = (call: string) => Promise.reject(new CsiError("Unavailable", call, "no such socket"));
  return {
    watch(report, signal) {
      report([]);
      return new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
    getInfo: () => nobody("GetInfo"),
    notify: () => nobody("NotifyRegistrationStatus"),
  };
}

export function simCsiDrivers(): CsiDrivers {
  const nobody = (call: string) => () => Promise.reject(new CsiError("Unavailable", call, "no such socket"));
  return {
    connect: () => ({
      pluginInfo: nobody("GetPluginInfo"),
      nodeInfo: nobody("NodeGetInfo"),
      nodeCapabilities: nobody("NodeGetCapabilities"),
      stage: nobody("NodeStageVolume"),
      unstage: nobody("NodeUnstageVolume"),
      publish: nobody("NodePublishVolume"),
      unpublish: nobody("NodeUnpublishVolume"),
      volumeStats: nobody("NodeGetVolumeStats"),
      expand: nobody("NodeExpandVolume"),
      close: () => {},
    }),
  };
}
