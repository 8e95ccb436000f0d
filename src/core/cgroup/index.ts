/**
 * cgroup: what the cgroups of the node and its pods are called and limited to, as data. Owns the QoS tree, both drivers'
 * names, node allocatable and the control files' contents for cgroup v1 and v2. Refuses to touch /sys/fs/cgroup.
 */
export {
  cpuSharesToWeight,
  DEFAULT_CPU_PERIOD_US,
  MIN_CPU_SHARES,
  milliCpuToQuotaUs,
  milliCpuToShares,
} from "./cpu.ts";
export { type CgroupFile, cgroupV1Files, cgroupV2Files } from "./files.ts";
export { hugePageSizeBytes, hugePageSizeName, hugePageSizeOf, isHugePageResource } from "./huge-pages.ts";
export {
  type CgroupDriver,
  type CgroupNaming,
  cgroupNaming,
  isCgroupSegment,
  KUBEPODS,
  parseCgroupName,
  podCgroupName,
  podUidOfCgroup,
  qosCgroupName,
} from "./names.ts";
export {
  enforcedAllocatable,
  type Machine,
  nodeAllocatable,
  nodeCapacity,
  nodeReservation,
  PID_RESOURCE,
  type Reservations,
  reservationError,
} from "./node-allocatable.ts";
export { type NodeCgroups, type NodeCgroupsInput, nodeCgroups, type ReservedCgroup } from "./node-cgroups.ts";
export { type QosTree, type QosTreeInput, qosTree } from "./qos-tree.ts";
export { SLICE_PROPERTIES, type SystemdProperty, systemdProperties } from "./systemd-properties.ts";
export type { CgroupName, CgroupResources } from "./types.ts";
