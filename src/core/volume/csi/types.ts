/** The messages of CSI's Node service (csi.v1, spec 1.9) as far as a node needs them. Absent texts are empty. */

export type StringMap = Readonly<Record<string, string>>;

/** In the order of their numbers in the specification. */
export const ACCESS_MODES = [
  "UNKNOWN",
  "SINGLE_NODE_WRITER",
  "SINGLE_NODE_READER_ONLY",
  "MULTI_NODE_READER_ONLY",
  "MULTI_NODE_SINGLE_WRITER",
  "MULTI_NODE_MULTI_WRITER",
  "SINGLE_NODE_SINGLE_WRITER",
  "SINGLE_NODE_MULTI_WRITER",
] as const;
export type CsiAccessMode = (typeof ACCESS_MODES)[number];

export const NODE_CAPABILITIES = [
  "UNKNOWN",
  "STAGE_UNSTAGE_VOLUME",
  "GET_VOLUME_STATS",
  "EXPAND_VOLUME",
  "VOLUME_CONDITION",
  "SINGLE_NODE_MULTI_WRITER",
  "VOLUME_MOUNT_GROUP",
] as const;
export type CsiNodeCapability = (typeof NODE_CAPABILITIES)[number];

/** Either `block` or `mount`. */
export interface CsiVolumeCapability {
  readonly block?: Record<never, never>;
  readonly mount?: CsiMount;
  readonly accessMode: CsiAccessMode;
}

export interface CsiMount {
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  /** The driver makes the volume the group's. */
  readonly volumeMountGroup: string;
}

export interface CsiPluginInfo {
  readonly name: string;
  readonly vendorVersion: string;
}

export interface CsiNodeInfo {
  readonly nodeId: string;
  /** 0: the driver sets no limit. */
  readonly maxVolumesPerNode: number;
  /** Topology of the node; empty: none. */
  readonly topology: StringMap;
}

export interface StageRequest {
  readonly volumeId: string;
  readonly publishContext: StringMap;
  readonly stagingTargetPath: string;
  readonly volumeCapability: CsiVolumeCapability;
  readonly secrets: StringMap;
  readonly volumeContext: StringMap;
}

export interface UnstageRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
}

export interface PublishRequest extends StageRequest {
  readonly targetPath: string;
  readonly readonly: boolean;
}

export interface UnpublishRequest {
  readonly volumeId: string;
  readonly targetPath: string;
}

export interface VolumeStatsRequest {
  readonly volumeId: string;
  readonly volumePath: string;
  readonly stagingTargetPath: string;
}

export interface CsiVolumeUsage {
  readonly available: number;
  readonly total: number;
  readonly used: number;
  readonly unit: "UNKNOWN" | "BYTES" | "INODES";
}

export interface CsiVolumeStats {
  readonly usage: readonly CsiVolumeUsage[];
  /** Absent: the driver does not tell. */
  readonly condition?: { readonly abnormal: boolean; readonly message: string };
}

export interface ExpandRequest {
  readonly volumeId: string;
  readonly volumePath: string;
  readonly requiredBytes: number;
  readonly stagingTargetPath: string;
  readonly volumeCapability: CsiVolumeCapability;
  readonly secrets: StringMap;
}
