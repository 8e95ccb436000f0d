/** csi.v1 messages of the Identity and Node services, with the field numbers of csi.proto. */
import {
  ACCESS_MODES,
  type CsiMount,
  type CsiNodeInfo,
  type CsiPluginInfo,
  type CsiVolumeCapability,
  type CsiVolumeStats,
  type CsiVolumeUsage,
  NODE_CAPABILITIES,
  type PublishRequest,
  type StageRequest,
  type StringMap,
  type UnpublishRequest,
  type UnstageRequest,
  type VolumeStatsRequest,
} from "../../core/volume/csi/types.ts";
import {
  bool,
  enumeration,
  flattened,
  int64,
  message,
  nested,
  optional,
  repeated,
  string,
  stringMap,
} from "../cri/message.ts";

export const empty = message<Record<never, never>>({});

export const pluginInfoResponse = message<CsiPluginInfo>({ name: string(1), vendorVersion: string(2) });

const topology = message<{ segments: StringMap }>({ segments: stringMap(1) });

interface WireNodeInfo extends Omit<CsiNodeInfo, "topology"> {
  readonly topology?: { readonly segments: StringMap };
}

export const nodeInfoResponse = message<WireNodeInfo>({
  nodeId: string(1),
  maxVolumesPerNode: int64(2),
  topology: optional(nested(3, topology)),
});

/** NodeServiceCapability: a wrapper around `rpc`, which is a wrapper around its type. */
const rpc = message<{ type: (typeof NODE_CAPABILITIES)[number] }>({ type: enumeration(1, NODE_CAPABILITIES) });
const capability = message<{ rpc?: { readonly type: (typeof NODE_CAPABILITIES)[number] } }>({
  rpc: optional(nested(1, rpc)),
});

export const nodeCapabilitiesResponse = message<{
  capabilities: readonly { readonly rpc?: { readonly type: (typeof NODE_CAPABILITIES)[number] } }[];
}>({ capabilities: repeated(nested(1, capability)) });

const mount = message<CsiMount>({
  fsType: string(1),
  mountFlags: repeated(string(2)),
  volumeMountGroup: string(3),
});

const volumeCapability = message<CsiVolumeCapability>({
  block: optional(nested(1, empty)),
  mount: optional(nested(2, mount)),
  accessMode: flattened(3, enumeration(1, ACCESS_MODES)),
});

export const stageRequest = message<StageRequest>({
  volumeId: string(1),
  publishContext: stringMap(2),
  stagingTargetPath: string(3),
  volumeCapability: nested(4, volumeCapability),
  secrets: stringMap(5),
  volumeContext: stringMap(6),
});

export const unstageRequest = message<UnstageRequest>({ volumeId: string(1), stagingTargetPath: string(2) });

export const publishRequest = message<PublishRequest>({
  volumeId: string(1),
  publishContext: stringMap(2),
  stagingTargetPath: string(3),
  targetPath: string(4),
  volumeCapability: nested(5, volumeCapability),
  readonly: bool(6),
  secrets: stringMap(7),
  volumeContext: stringMap(8),
});

export const unpublishRequest = message<UnpublishRequest>({ volumeId: string(1), targetPath: string(2) });

export const volumeStatsRequest = message<VolumeStatsRequest>({
  volumeId: string(1),
  volumePath: string(2),
  stagingTargetPath: string(3),
});

const usage = message<CsiVolumeUsage>({
  available: int64(1),
  total: int64(2),
  used: int64(3),
  unit: enumeration(4, ["UNKNOWN", "BYTES", "INODES"]),
});

const condition = message<NonNullable<CsiVolumeStats["condition"]>>({ abnormal: bool(1), message: string(2) });

export const volumeStatsResponse = message<CsiVolumeStats>({
  usage: repeated(nested(1, usage)),
  condition: optional(nested(2, condition)),
});

const capacityRange = message<{ requiredBytes: number; limitBytes: number }>({
  requiredBytes: int64(1),
  limitBytes: int64(2),
});

export interface WireExpandRequest {
  readonly volumeId: string;
  readonly volumePath: string;
  readonly capacityRange: { readonly requiredBytes: number; readonly limitBytes: number };
  readonly stagingTargetPath: string;
  readonly volumeCapability: CsiVolumeCapability;
  readonly secrets: StringMap;
}

export const expandRequest = message<WireExpandRequest>({
  volumeId: string(1),
  volumePath: string(2),
  capacityRange: nested(3, capacityRange),
  stagingTargetPath: string(4),
  volumeCapability: nested(5, volumeCapability),
  secrets: stringMap(6),
});

export const expandResponse = message<{ capacityBytes: number }>({ capacityBytes: int64(1) });
