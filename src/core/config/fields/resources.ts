/** cgroups, reservations, eviction, and the CPU, memory and topology managers. */
import {
  accepted,
  boolean,
  checkedOneOf,
  duration,
  durationMap,
  integer,
  number,
  object,
  objectList,
  oneOf,
  optionalBoolean,
  quantityMap,
  resourceList,
  string,
  stringList,
  stringMap,
  used,
} from "../field.ts";
import { memoryQos, swap, topology } from "./states.ts";

const cgroupFields = {
  cgroupsPerQOS: boolean(true, used, "A cgroup for each QoS class and each pod.", { flag: "cgroups-per-qos" }),
  cgroupDriver: oneOf(["cgroupfs", "systemd"], "cgroupfs", used, "Who makes the cgroups.", { flag: "cgroup-driver" }),
  cgroupRoot: string("", used, "cgroup that holds all pods; the root where empty.", { flag: "cgroup-root" }),
  kubeletCgroups: string("", used, "cgroup for the agent itself.", { flag: "kubelet-cgroups" }),
  systemCgroups: string(
    "",
    accepted("moving the machine's processes is left to its init system"),
    "cgroup for all other processes of the machine.",
    { flag: "system-cgroups" },
  ),
  systemReserved: quantityMap({}, used, "Resources kept for the system: cpu, memory, ephemeral-storage, pid.", {
    flag: "system-reserved",
  }),
  kubeReserved: quantityMap({}, used, "Resources kept for the agent and the runtime.", { flag: "kube-reserved" }),
  systemReservedCgroup: string("", used, "cgroup that systemReserved is enforced on.", {
    flag: "system-reserved-cgroup",
  }),
  kubeReservedCgroup: string("", used, "cgroup that kubeReserved is enforced on.", {
    flag: "kube-reserved-cgroup",
  }),
  enforceNodeAllocatable: stringList(
    ["pods"],
    used,
    "What is enforced: pods, system-reserved, kube-reserved (or with -compressible), none.",
    { flag: "enforce-node-allocatable" },
  ),
  reservedSystemCPUs: string("", topology, "CPUs kept for the system and the agent.", { flag: "reserved-cpus" }),
  cpuCFSQuota: boolean(true, used, "CPU limits are enforced.", { flag: "cpu-cfs-quota" }),
  cpuCFSQuotaPeriod: duration("100ms", used, "Period of CPU limits, 1ms to 1s.", {
    keepsZero: true,
    flag: "cpu-cfs-quota-period",
  }),
  singleProcessOOMKill: optionalBoolean(used, "Out of memory kills one process, not the container (cgroup v2).", {
    since: "1.32",
  }),
  oomScoreAdj: integer(-999, used, "oom_score_adj of the agent.", { keepsZero: true, flag: "oom-score-adj" }),
  maxOpenFiles: integer(1_000_000, accepted("Node.js keeps the limit that the agent was started with"), "Open files.", {
    flag: "max-open-files",
  }),
  failSwapOn: boolean(true, used, "Refuse to start where swap is on.", { flag: "fail-swap-on" }),
  failCgroupV1: boolean(false, used, "Refuse to start on cgroup v1.", { since: "1.31" }),
  memorySwap: object(
    { swapBehavior: checkedOneOf(["", "NoSwap", "LimitedSwap"], "", swap, "How much swap pods may use.") },
    swap,
    "Swap of pods.",
  ),
  memoryThrottlingFactor: number(0.9, memoryQos, "memory.high as a part of the limit, above 0 and up to 1."),
  memoryReservationPolicy: checkedOneOf(["None", "TieredReservation"], "None", memoryQos, "memory.min of pods.", {
    since: "1.36",
  }),
  qosReserved: stringMap({}, memoryQos, "Part of a resource kept for Guaranteed pods (memory: 50%).", {
    flag: "qos-reserved",
  }),
  protectKernelDefaults: boolean(
    false,
    used,
    "Refuse to start rather than set kernel flags; a node that is alone sets none.",
    {
      flag: "protect-kernel-defaults",
    },
  ),
};

const evictionFields = {
  evictionHard: stringMap(
    {
      "memory.available": "100Mi",
      "nodefs.available": "10%",
      "nodefs.inodesFree": "5%",
      "imagefs.available": "15%",
      "imagefs.inodesFree": "5%",
    },
    used,
    "Signal -> quantity or percentage that evicts at once.",
    { flag: "eviction-hard" },
  ),
  evictionSoft: stringMap({}, used, "Signal -> quantity or percentage that evicts after its grace period.", {
    flag: "eviction-soft",
  }),
  evictionSoftGracePeriod: durationMap({}, used, "Signal -> how long a soft threshold must be met.", {
    flag: "eviction-soft-grace-period",
  }),
  evictionPressureTransitionPeriod: duration("5m0s", used, "How long a pressure condition stays at least.", {
    flag: "eviction-pressure-transition-period",
  }),
  evictionMaxPodGracePeriod: integer(0, used, "The most seconds a pod gets in a soft eviction.", {
    flag: "eviction-max-pod-grace-period",
  }),
  evictionMinimumReclaim: stringMap({}, used, "Signal -> what an eviction frees at least.", {
    flag: "eviction-minimum-reclaim",
  }),
  mergeDefaultEvictionSettings: boolean(false, used, "Signals that evictionHard leaves out keep their defaults.", {
    since: "1.33",
  }),
  kernelMemcgNotification: boolean(
    false,
    accepted("the kernel tells always, where it can"),
    "Ask the kernel to tell about memory thresholds.",
    {
      flag: "kernel-memcg-notification",
    },
  ),
};

const managerFields = {
  cpuManagerPolicy: oneOf(["none", "static"], "none", topology, "Whether containers get CPUs of their own.", {
    flag: "cpu-manager-policy",
  }),
  cpuManagerPolicyOptions: stringMap({}, topology, "Options of the CPU manager's policy.", {
    flag: "cpu-manager-policy-options",
  }),
  cpuManagerReconcilePeriod: duration("10s", topology, "How often the CPU manager sets CPUs again.", {
    flag: "cpu-manager-reconcile-period",
  }),
  memoryManagerPolicy: oneOf(["None", "Static"], "None", topology, "Whether containers get NUMA memory of their own.", {
    flag: "memory-manager-policy",
  }),
  topologyManagerPolicy: checkedOneOf(
    ["none", "best-effort", "restricted", "single-numa-node"],
    "none",
    topology,
    "How resources of one pod keep to one NUMA node.",
    { flag: "topology-manager-policy" },
  ),
  topologyManagerScope: checkedOneOf(["container", "pod"], "container", topology, "What keeps together.", {
    flag: "topology-manager-scope",
  }),
  topologyManagerPolicyOptions: stringMap({}, topology, "Options of the topology manager's policy.", {
    flag: "topology-manager-policy-options",
  }),
  reservedMemory: objectList(
    {
      numaNode: integer(0, topology, "NUMA node.", { keepsZero: true }),
      limits: resourceList({}, topology, "memory or hugepages-SIZE -> quantity."),
    },
    topology,
    "Memory kept from pods on each NUMA node.",
    { flag: "reserved-memory" },
  ),
  draManagerReconcilePeriod: duration("1m0s", topology, "How often claimed devices are looked at.", {
    since: "1.37",
  }),
};

export const resourceFields = { ...cgroupFields, ...evictionFields, ...managerFields };
