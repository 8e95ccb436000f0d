/**
 * Plugins of the node over their sockets: how one makes itself known (pluginregistration.v1) and what CSI drivers do
 * (csi.v1). All calls of drivers reject with `CsiError`.
 */
import type {
  CsiNodeCapability,
  CsiNodeInfo,
  CsiPluginInfo,
  CsiVolumeStats,
  ExpandRequest,
  PublishRequest,
  StageRequest,
  UnpublishRequest,
  UnstageRequest,
  VolumeStatsRequest,
} from "../core/volume/csi/types.ts";

/** A socket in the directory of plugins. */
export interface PluginSocket {
  readonly path: string;
  /** Another one for each socket that was made, even at the same path. */
  readonly identity: string;
}

/** What a plugin says that it is. */
export interface PluginInfo {
  /** "CSIPlugin", "DevicePlugin" ... */
  readonly type: string;
  readonly name: string;
  /** Socket of its service; empty: the one that was asked. */
  readonly endpoint: string;
  readonly supportedVersions: readonly string[];
}

export interface PluginSockets {
  /** Tells the sockets that there are, at once and whenever they change, until `signal` is aborted. */
  watch(report: (sockets: readonly PluginSocket[]) => void, signal: AbortSignal): Promise<void>;
  getInfo(socketPath: string, signal?: AbortSignal): Promise<PluginInfo>;
  notify(
    socketPath: string,
    status: { readonly registered: boolean; readonly error: string },
    signal?: AbortSignal,
  ): Promise<void>;
}

export interface CsiDrivers {
  /** `endpoint`: path of the driver's socket. Nothing happens before the first call. */
  connect(endpoint: string): CsiDriverConnection;
}

/** One driver. Every call has a deadline of its own; after it nobody knows whether it was done. */
export interface CsiDriverConnection {
  pluginInfo(signal?: AbortSignal): Promise<CsiPluginInfo>;
  nodeInfo(signal?: AbortSignal): Promise<CsiNodeInfo>;
  nodeCapabilities(signal?: AbortSignal): Promise<ReadonlySet<CsiNodeCapability>>;
  stage(request: StageRequest, signal?: AbortSignal): Promise<void>;
  unstage(request: UnstageRequest, signal?: AbortSignal): Promise<void>;
  publish(request: PublishRequest, signal?: AbortSignal): Promise<void>;
  unpublish(request: UnpublishRequest, signal?: AbortSignal): Promise<void>;
  volumeStats(request: VolumeStatsRequest, signal?: AbortSignal): Promise<CsiVolumeStats>;
  /** Size after it in bytes; 0: not told. */
  expand(request: ExpandRequest, signal?: AbortSignal): Promise<number>;
  close(): void;
}
