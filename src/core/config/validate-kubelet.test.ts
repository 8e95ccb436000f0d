import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "./effective-configuration.ts";
import type { JsonObject } from "./field.ts";

function objections(value: JsonObject): readonly string[] {
  const head = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
  const documents = [{ value: { ...head, ...value }, lineOf: () => undefined }];
  const result = effectiveConfiguration({ base: { file: "/f", documents } });
  return "problems" in result ? result.problems.map(({ message }) => message) : [];
}

const enforce = "enforceNodeAllocatable (--enforce-node-allocatable)";
const systemCgroup = `systemReservedCgroup (--system-reserved-cgroup) must be specified when "system-reserved" or "system-reserved-compressible" included in ${enforce}`;

/** A configuration and the kubelet's text, without its "invalid configuration: ". */
const refused: readonly (readonly [JsonObject, string])[] = [
  [{ nodeLeaseDurationSeconds: -1 }, "nodeLeaseDurationSeconds must be greater than 0"],
  [
    { systemCgroups: "/system" },
    "systemCgroups (--system-cgroups) was specified and cgroupRoot (--cgroup-root) was not specified",
  ],
  [{ eventBurst: -1 }, "eventBurst (--event-burst) -1 must not be a negative number"],
  [{ maxPods: -1 }, "maxPods (--max-pods) -1 must not be a negative number"],
  [{ healthzPort: 65536 }, "healthzPort (--healthz-port) 65536 must be between 1 and 65535, inclusive"],
  [{ readOnlyPort: -1 }, "readOnlyPort (--read-only-port) -1 must be between 0 and 65535, inclusive"],
  [{ oomScoreAdj: 1001 }, "oomScoreAdj (--oom-score-adj) 1001 must be between -1000 and 1000, inclusive"],
  [
    { cpuCFSQuotaPeriod: "50ms" },
    "cpuCFSQuotaPeriod (--cpu-cfs-quota-period) {50ms} requires feature gate CustomCPUCFSQuotaPeriod",
  ],
  [
    { cpuCFSQuotaPeriod: "2s", featureGates: { CustomCPUCFSQuotaPeriod: true } },
    "cpuCFSQuotaPeriod (--cpu-cfs-quota-period) {2s} must be between 1ms and 1sec, inclusive",
  ],
  [
    { imageGCLowThresholdPercent: 85 },
    "imageGCLowThresholdPercent (--image-gc-low-threshold) 85 must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) 85",
  ],
  [{ imageMaximumGCAge: "1m" }, "imageMaximumGCAge 1m0s must be greater than imageMinimumGCAge 2m0s"],
  [{ nodeStatusMaxImages: -2 }, "nodeStatusMaxImages (--node-status-max-images) -2 must be -1 or greater"],
  [{ maxParallelImagePulls: 0 }, "maxParallelImagePulls 0 must be a positive number"],
  [
    { maxParallelImagePulls: 2, serializeImagePulls: true },
    "maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false",
  ],
  [{ runOnce: true }, "runOnce (--runOnce) true, Runonce mode has been deprecated and should not be set"],
  [
    { topologyManagerPolicy: "foo" },
    'topologyManagerPolicy (--topology-manager-policy) "foo" must be one of: ["none" "best-effort" "restricted" "single-numa-node"]',
  ],
  [
    { topologyManagerScope: "foo" },
    'topologyManagerScope (--topology-manager-scope) "foo" must be one of: "container", or "pod"',
  ],
  [
    { shutdownGracePeriod: "10s", shutdownGracePeriodCriticalPods: "20s" },
    "shutdownGracePeriodCriticalPods {20s} must be <= shutdownGracePeriod {10s}",
  ],
  [{ shutdownGracePeriod: "1ms" }, "shutdownGracePeriod {1ms} must be either zero or otherwise >= 1 sec"],
  [
    { shutdownGracePeriod: "10s", featureGates: { GracefulNodeShutdown: false } },
    "specifying shutdownGracePeriod or shutdownGracePeriodCriticalPods requires feature gate GracefulNodeShutdown",
  ],
  [
    { shutdownGracePeriod: "10s", shutdownGracePeriodByPodPriority: [{ priority: 0, shutdownGracePeriodSeconds: 1 }] },
    "Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time",
  ],
  [
    { memorySwap: { swapBehavior: "UnlimitedSwap" } },
    'memorySwap.swapBehavior "UnlimitedSwap" must be one of: "", "LimitedSwap" or "NoSwap"',
  ],
  [
    { memorySwap: { swapBehavior: "NoSwap" }, featureGates: { NodeSwap: false } },
    "memorySwap.swapBehavior cannot be set when NodeSwap feature flag is disabled",
  ],
  [
    { crashLoopBackOff: { maxContainerRestartPeriod: "301s" } },
    "CrashLoopBackOff.MaxContainerRestartPeriod (got: 301 seconds) must be set between 1s and 300s",
  ],
  [
    { crashLoopBackOff: { maxContainerRestartPeriod: "10s" }, featureGates: { KubeletCrashLoopBackOffMax: false } },
    "FeatureGate KubeletCrashLoopBackOffMax not enabled, CrashLoopBackOff.MaxContainerRestartPeriod must not be set",
  ],
  [{ enforceNodeAllocatable: ["pods", "system-reserved"] }, systemCgroup],
  [{ enforceNodeAllocatable: ["pods", "pods"] }, `duplicated enforcements "pods" in ${enforce}`],
  [
    { enforceNodeAllocatable: ["pods", "none"] },
    `${enforce} may not contain additional enforcements when "none" is specified`,
  ],
  [
    { enforceNodeAllocatable: ["pod"] },
    `option "pod" specified for ${enforce}. Valid options are "pods", "system-reserved", "system-reserved-compressible", "kube-reserved", "kube-reserved-compressible" or "none"`,
  ],
  [
    { cgroupsPerQOS: false },
    `cgroupsPerQOS (--cgroups-per-qos) must be set to true when "pods" contained in ${enforce}`,
  ],
  [
    {
      enforceNodeAllocatable: ["kube-reserved", "kube-reserved-compressible"],
      kubeReservedCgroup: "/kube",
    },
    `both "kube-reserved" and "kube-reserved-compressible" cannot be specified together in ${enforce}`,
  ],
  [
    { hairpinMode: "foo" },
    'option "foo" specified for hairpinMode (--hairpin-mode). Valid options are "none", "hairpin-veth" or "promiscuous-bridge"',
  ],
  [
    { imagePullCredentialsVerificationPolicy: "AlwaysVerify" },
    "`imagePullCredentialsVerificationPolicy` must not be set if KubeletEnsureSecretPulledImages feature gate is not enabled",
  ],
  [
    {
      featureGates: { KubeletEnsureSecretPulledImages: true },
      imagePullCredentialsVerificationPolicy: "NeverVerifyAllowlistedImages",
      preloadedImagesVerificationAllowlist: ["quay.io/*", "busybox"],
    },
    "invalid `preloadedImagesVerificationAllowlist`: neither tag nor digest nor a short name is accepted, write docker.io/library/busybox: busybox",
  ],
  [
    { reservedSystemCPUs: "0-1", systemReservedCgroup: "/system" },
    "can't use reservedSystemCPUs (--reserved-cpus) with systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)",
  ],
  [
    { reservedSystemCPUs: "3-1" },
    'unable to parse reservedSystemCPUs (--reserved-cpus) 3-1, error: invalid range "3-1"',
  ],
  [
    { reservedMemory: [{ numaNode: 0, limits: { cpu: "1" } }] },
    'the limit type "cpu" for NUMA node 0 is not supported, only [memory hugepages-<HugePageSize>] is accepted',
  ],
  [
    { reservedMemory: [{ numaNode: 1, limits: { memory: "0" } }] },
    'reserved memory may not be zero for NUMA node 1 and resource "memory"',
  ],
  [
    {
      reservedMemory: [
        { numaNode: 0, limits: { memory: "1Gi" } },
        { numaNode: 0, limits: { memory: "2Gi" } },
      ],
    },
    'the reserved memory has a duplicate value for NUMA node 0 and resource "memory"',
  ],
  [{ kubeReserved: { "nvidia.com/gpu": "1" } }, 'cannot reserve "nvidia.com/gpu" resource'],
  [{ systemReserved: { cpu: "-1" } }, 'resource quantity for "cpu" cannot be negative: -1'],
  [{ memoryThrottlingFactor: 1.1 }, "memoryThrottlingFactor 1.1 must be greater than 0 and less than or equal to 1.0"],
  [
    { memoryReservationPolicy: "TieredReservation" },
    'memoryReservationPolicy "TieredReservation" requires MemoryQoS feature gate to be enabled',
  ],
  [{ containerLogMaxWorkers: 0 }, "containerLogMaxWorkers must be greater than or equal to 1"],
  [
    { containerLogMonitorInterval: "2s" },
    "containerLogMonitorInterval must be a positive time duration greater than or equal to 3s",
  ],
  [{ containerLogMaxFiles: 1 }, "containerLogMaxFiles must be greater than 1"],
  [{ containerLogMaxSize: "-1Mi" }, 'containerLogMaxSize "-1Mi" must be a positive quantity'],
  [{ podLogsDir: "logs" }, 'pod logs path "logs" must be absolute path'],
  [{ podLogsDir: "/var/log/pods/" }, 'pod logs path "/var/log/pods/" must be normalized'],
  [{ podLogsDir: "/var/løg" }, 'pod logs path "/var/løg" mut contains ASCII characters only'],
  [{ enableSystemLogQuery: true }, "NodeLogQuery feature gate is required for enableSystemLogQuery"],
  [
    { userNamespaces: { idsPerPod: 1000 } },
    "userNamespaces.idsPerPod 1000 must be a positive multiple of 65536 and less than 1<<32",
  ],
];

for (const [value, text] of refused) {
  test(`refused in the kubelet's words: ${JSON.stringify(value)}`, () => {
    assert.deepEqual(objections(value), [`invalid configuration: ${text}`]);
  });
}

const refusedPlainly: readonly (readonly [JsonObject, string])[] = [
  [{ featureGates: { EventdPLEG: true } }, "unrecognized feature gate: EventdPLEG (did you mean EventedPLEG?)"],
  [{ featureGates: { CPUManager: false } }, "cannot set feature gate CPUManager to false, feature is locked to true"],
  [{ registerWithTaints: [{ key: "a", value: "b", effect: "Evict" }] }, "invalid taint: a=b:Evict"],
  [
    { logging: { format: "json", vmodule: [{ filePattern: "a", verbosity: 1 }] } },
    "logging.vmodule: Forbidden: Only supported for text log format",
  ],
  [
    { logging: { vmodule: [{ filePattern: "a=b", verbosity: 1 }] } },
    'logging.vmodule[0]: Invalid value: "a=b": File pattern must not contain equal sign or comma',
  ],
  [
    { tracing: { samplingRatePerMillion: -1 } },
    "tracing.samplingRatePerMillion: Invalid value: -1: sampling rate must be positive",
  ],
];

for (const [value, text] of refusedPlainly) {
  test(`refused: ${JSON.stringify(value)}`, () => {
    assert.deepEqual(objections(value), [text]);
  });
}

const taken: readonly JsonObject[] = [
  {},
  { enforceNodeAllocatable: [], cgroupsPerQOS: false },
  { enforceNodeAllocatable: ["none"], cgroupsPerQOS: false },
  { enforceNodeAllocatable: ["pods", "system-reserved"], systemReservedCgroup: "/system.slice" },
  { cpuCFSQuotaPeriod: "50ms", featureGates: { CustomCPUCFSQuotaPeriod: true } },
  { reservedSystemCPUs: "0,2-3" },
  { healthzPort: 0, readOnlyPort: 0 },
  { reservedMemory: [{ numaNode: 0, limits: { memory: "1Gi", "hugepages-2Mi": "4Mi" } }] },
  { tracing: { endpoint: "localhost:4317", samplingRatePerMillion: 100 } },
  { featureGates: { WatchList: true, SidecarContainers: true } },
  { crashLoopBackOff: { maxContainerRestartPeriod: "1s" } },
];

for (const value of taken) {
  test(`taken: ${JSON.stringify(value)}`, () => assert.deepEqual(objections(value), []));
}

test("a threshold that cannot be read is refused in the kubelet's own words", () => {
  for (const [fields, text] of [
    [{ evictionHard: { "memory.free": "1Gi" } }, "unsupported eviction signal memory.free"],
    [{ evictionHard: { "memory.available": "5 %" } }, 'strconv.ParseFloat: parsing "5 ": invalid syntax'],
    [
      { evictionSoft: { "memory.available": "1Gi" } },
      "grace period must be specified for the soft eviction threshold memory.available",
    ],
  ] as const) {
    assert.deepEqual(objections(fields), [text]);
  }
});
