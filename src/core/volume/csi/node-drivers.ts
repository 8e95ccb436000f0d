/** What a node says of its CSI drivers (storage/v1 CSINode) and volumes (v1 NodeStatus), as data for those objects. */
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

export interface VolumesOfNode {
  readonly volumesInUse: readonly string[];
  readonly volumesAttached: readonly { readonly name: string; readonly devicePath: string }[];
}

/**
 * `volumesInUse` and `volumesAttached` of the node's status, sorted, of volumes by their unique names. Differs: without a
 * controller a volume counts as attached while it is in use. Source: kubelet nodestatus VolumesInUse.
 */
export function volumesOfNode(used: readonly string[]): VolumesOfNode {
  const names = [...new Set(used)].sort();
  return { volumesInUse: names, volumesAttached: names.map((name) => ({ name, devicePath: "" })) };
}
