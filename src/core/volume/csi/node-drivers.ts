/** What a node says of its CSI drivers (storage/v1 CSINode) and volumes (v1 NodeStatus), as data for those objects. */
import { uniqueVolumeName } from "./csi-paths.ts";
import type { CsiNodeInfo } from "./types.ts";

/** storage/v1 CSINodeDriver. */
export interface CsiNodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys: readonly string[] | null;
  /** How many volumes of it the node can have; absent: no limit. */
  readonly allocatable?: { readonly count: number };
}

/** By name. Source: kubelet nodeinfomanager installDriverToCSINode. */
export function csiNodeDrivers(
  drivers: Iterable<{ readonly name: string; readonly node: CsiNodeInfo }>,
): readonly CsiNodeDriver[] {
  return [...drivers]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, node: { nodeId, maxVolumesPerNode, topology } }) => {
      const keys = Object.keys(topology).sort();
      return {
        name,
        nodeID: nodeId,
        topologyKeys: keys.length === 0 ? null : keys,
        ...(maxVolumesPerNode > 0 && { allocatable: { count: maxVolumesPerNode } }),
      };
    });
}

/** A persistent volume that a pod of this node has. */
export interface UsedCsiVolume {
  readonly driver: string;
  readonly volumeHandle: string;
}

/**
 * `volumesInUse` and `volumesAttached` of the node's status, sorted. Differs: without a controller a volume counts as
 * attached while it is in use. Source: kubelet nodestatus VolumesInUse, volume controller.
 */
export function volumesOfNode(used: Iterable<UsedCsiVolume>): {
  readonly volumesInUse: readonly string[];
  readonly volumesAttached: readonly { readonly name: string; readonly devicePath: string }[];
} {
  const names = [
    ...new Set([...used].map(({ driver, volumeHandle }) => uniqueVolumeName(driver, volumeHandle))),
  ].sort();
  return { volumesInUse: names, volumesAttached: names.map((name) => ({ name, devicePath: "" })) };
}
