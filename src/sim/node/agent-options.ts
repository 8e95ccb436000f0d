import type { AgentOptions } from "../../agent/agent.ts";
import { IMAGE_GC_PERIOD_MS } from "../../agent/images/image-gc.ts";
import { admissionNode, nodeLabels } from "../../core/admission/index.ts";
import { KUBELET_BACKOFF } from "../../core/backoff/backoff.ts";
import { nodeAllocatable, nodeCapacity } from "../../core/cgroup/index.ts";
import { DEFAULT_CONTAINER_GC_POLICY } from "../../core/containers/garbage.ts";
import { SIM_MACHINE } from "./sim-machine.ts";
import { CONTAINER_LOGS_DIR, NODE_NAME, POD_LOGS_DIR, ROOT_DIR } from "./sim-node.ts";

const { cpuCores: cpus, memoryBytes, nodeIp, hostname, architecture } = SIM_MACHINE;
const capacity = nodeCapacity({ cpus, memoryBytes, hugePages: [], maxPods: 110, podsPerCore: 0 });
const reservations = { systemReserved: {}, kubeReserved: {}, evictionHard: {} };
const allocatable = nodeAllocatable(capacity, reservations);

/** The kubelet's defaults on the simulated machine. */
export const SIM_AGENT_OPTIONS: AgentOptions = {
  nodeName: NODE_NAME,
  hostIps: [nodeIp],
  standalone: true,
  logRoot: POD_LOGS_DIR,
  logLinksRoot: CONTAINER_LOGS_DIR,
  seccompProfileRoot: `${ROOT_DIR}/seccomp`,
  seccompDefault: false,
  clusterDomain: "cluster.local",
  clusterDns: [],
  resolvConf: "/etc/resolv.conf",
  allowedUnsafeSysctls: [],
  allocatable,
  admission: {
    node: admissionNode({
      name: NODE_NAME,
      labels: nodeLabels({ hostname, architecture }, {}),
      taints: [],
      allocatable,
    }),
  },
  cpuCfsQuota: true,
  cpuPeriodUs: 100_000,
  credentialProviders: [],
  imageGc: {
    policy: { highThresholdPercent: 85, lowThresholdPercent: 80, minAgeMs: 120_000, maxAgeMs: 0 },
    periodMs: IMAGE_GC_PERIOD_MS,
    keepImages: [],
  },
  // Without thresholds no round can decide anything.
  eviction: { fields: { evictionHard: {} }, policy: {}, periodMs: 60_000 },
  crashBackoff: KUBELET_BACKOFF,
  resyncMs: 60_000,
  containerLogMaxSizeBytes: 10 * 1024 ** 2,
  containerLogMaxFiles: 5,
  containerLogMonitorIntervalMs: 10_000,
  containerGc: { policy: DEFAULT_CONTAINER_GC_POLICY, periodMs: 60_000 },
  claimsDirectory: `${ROOT_DIR}/claims`,
  stats: { rootDir: ROOT_DIR, diskPeriodMs: 60_000, systemCgroups: [] },
  cgroups: {
    node: {
      capacity,
      reservations,
      enforce: ["pods"],
      systemReservedCgroup: "",
      kubeReservedCgroup: "",
      hugePageSizes: [],
    },
    pod: { enforceCpuLimits: true, cpuPeriodUs: 100_000, podPidsLimit: -1, hugePageSizes: [] },
  },
};
