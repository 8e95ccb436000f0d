import type { CsiNodeCapability } from "../../core/volume/csi/types.ts";
import type { CsiDriverConnection, CsiDrivers } from "../../ports/csi.ts";
import { createGrpcChannel } from "../cri/http2-channel.ts";
import * as csi from "./csi-schema.ts";
import { createPluginCall } from "./plugin-call.ts";

/** The kubelet's csiTimeout. */
const TIMEOUT_MS = 120_000;

/** CSI drivers over their sockets. */
export function createCsiDrivers(options: { readonly timeoutMs?: number } = {}): CsiDrivers {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return { connect: (endpoint) => connect(endpoint, timeoutMs) };
}

function connect(endpoint: string, timeoutMs: number): CsiDriverConnection {
  const channel = createGrpcChannel(endpoint);
  const identity = createPluginCall(channel, "csi.v1.Identity", timeoutMs);
  const node = createPluginCall(channel, "csi.v1.Node", timeoutMs);
  return {
    pluginInfo: (signal) => identity("GetPluginInfo", csi.empty, {}, csi.pluginInfoResponse, signal),

    async nodeInfo(signal) {
      const { topology, ...info } = await node("NodeGetInfo", csi.empty, {}, csi.nodeInfoResponse, signal);
      return { ...info, topology: topology?.segments ?? {} };
    },

    async nodeCapabilities(signal) {
      const response = await node("NodeGetCapabilities", csi.empty, {}, csi.nodeCapabilitiesResponse, signal);
      return new Set(response.capabilities.flatMap(({ rpc }): readonly CsiNodeCapability[] => (rpc ? [rpc.type] : [])));
    },

    async stage(request, signal) {
      await node("NodeStageVolume", csi.stageRequest, request, csi.empty, signal);
    },

    async unstage(request, signal) {
      await node("NodeUnstageVolume", csi.unstageRequest, request, csi.empty, signal);
    },

    async publish(request, signal) {
      await node("NodePublishVolume", csi.publishRequest, request, csi.empty, signal);
    },

    async unpublish(request, signal) {
      await node("NodeUnpublishVolume", csi.unpublishRequest, request, csi.empty, signal);
    },

    volumeStats: (request, signal) =>
      node("NodeGetVolumeStats", csi.volumeStatsRequest, request, csi.volumeStatsResponse, signal),

    async expand({ requiredBytes, ...request }, signal) {
      const wire = { ...request, capacityRange: { requiredBytes, limitBytes: 0 } };
      return (await node("NodeExpandVolume", csi.expandRequest, wire, csi.expandResponse, signal)).capacityBytes;
    },

    close: () => channel.close(),
  };
}
