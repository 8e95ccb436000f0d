import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "./effective-configuration.ts";
import type { Fields } from "./field.ts";
import { kubeletFieldGroups, kubeletFields } from "./kubelet-fields.ts";

/** The JSON names of KubeletConfiguration in kubelet/config/v1beta1/types.go, in its order. */
const typeOfKubelet = `
  enableServer staticPodPath podLogsDir syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL
  staticPodURLHeader address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsCurvePreferences
  tlsMinVersion rotateCertificates serverTLSBootstrap authentication authorization registryPullQPS registryBurst
  imagePullCredentialsVerificationPolicy preloadedImagesVerificationAllowlist eventRecordQPS eventBurst
  enableDebuggingHandlers enableContentionProfiling healthzPort healthzBindAddress oomScoreAdj clusterDomain clusterDNS
  streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency nodeLeaseDurationSeconds
  imageMinimumGCAge imageMaximumGCAge imageGCHighThresholdPercent imageGCLowThresholdPercent volumeStatsAggPeriod
  kubeletCgroups systemCgroups cgroupRoot cgroupsPerQOS cgroupDriver cpuManagerPolicy singleProcessOOMKill
  cpuManagerPolicyOptions cpuManagerReconcilePeriod draManagerReconcilePeriod memoryManagerPolicy topologyManagerPolicy
  topologyManagerScope topologyManagerPolicyOptions qosReserved runtimeRequestTimeout hairpinMode maxPods podCIDR
  podPidsLimit resolvConf runOnce cpuCFSQuota cpuCFSQuotaPeriod nodeStatusMaxImages maxOpenFiles contentType kubeAPIQPS
  kubeAPIBurst serializeImagePulls maxParallelImagePulls evictionHard evictionSoft evictionSoftGracePeriod
  evictionPressureTransitionPeriod evictionMaxPodGracePeriod evictionMinimumReclaim mergeDefaultEvictionSettings
  podsPerCore enableControllerAttachDetach protectKernelDefaults makeIPTablesUtilChains iptablesMasqueradeBit
  iptablesDropBit featureGates failSwapOn memorySwap containerLogMaxSize containerLogMaxFiles containerLogMaxWorkers
  containerLogMonitorInterval configMapAndSecretChangeDetectionStrategy systemReserved kubeReserved reservedSystemCPUs
  showHiddenMetricsForVersion systemReservedCgroup kubeReservedCgroup enforceNodeAllocatable allowedUnsafeSysctls
  volumePluginDir providerID kernelMemcgNotification logging enableSystemLogHandler enableSystemLogQuery
  shutdownGracePeriod shutdownGracePeriodCriticalPods shutdownGracePeriodByPodPriority crashLoopBackOff reservedMemory
  enableProfilingHandler enableDebugFlagsHandler seccompDefault memoryThrottlingFactor memoryReservationPolicy
  registerWithTaints registerNode tracing localStorageCapacityIsolation containerRuntimeEndpoint imageServiceEndpoint
  failCgroupV1 userNamespaces podHousekeepingPeriod
`
  .trim()
  .split(/\s+/);

/** What SetDefaults_KubeletConfiguration and eviction's DefaultEvictionHard fill in; all else is zero or empty. */
const nonZeroDefaults: Readonly<Record<string, unknown>> = {
  enableServer: true,
  podLogsDir: "/var/log/pods",
  syncFrequency: "1m0s",
  fileCheckFrequency: "20s",
  httpCheckFrequency: "20s",
  address: "0.0.0.0",
  port: 10250,
  authentication: {
    x509: { clientCAFile: "" },
    webhook: { enabled: true, cacheTTL: "2m0s" },
    anonymous: { enabled: false },
  },
  authorization: { mode: "Webhook", webhook: { cacheAuthorizedTTL: "5m0s", cacheUnauthorizedTTL: "30s" } },
  registryPullQPS: 5,
  registryBurst: 10,
  eventRecordQPS: 50,
  eventBurst: 100,
  enableDebuggingHandlers: true,
  healthzPort: 10248,
  healthzBindAddress: "127.0.0.1",
  oomScoreAdj: -999,
  streamingConnectionIdleTimeout: "4h0m0s",
  nodeStatusUpdateFrequency: "10s",
  nodeStatusReportFrequency: "5m0s",
  nodeLeaseDurationSeconds: 40,
  imageMinimumGCAge: "2m0s",
  imageGCHighThresholdPercent: 85,
  imageGCLowThresholdPercent: 80,
  volumeStatsAggPeriod: "1m0s",
  cgroupsPerQOS: true,
  cgroupDriver: "cgroupfs",
  cpuManagerPolicy: "none",
  cpuManagerReconcilePeriod: "10s",
  draManagerReconcilePeriod: "1m0s",
  memoryManagerPolicy: "None",
  topologyManagerPolicy: "none",
  topologyManagerScope: "container",
  runtimeRequestTimeout: "2m0s",
  hairpinMode: "promiscuous-bridge",
  maxPods: 110,
  podPidsLimit: -1,
  resolvConf: "/etc/resolv.conf",
  cpuCFSQuota: true,
  cpuCFSQuotaPeriod: "100ms",
  nodeStatusMaxImages: 50,
  maxOpenFiles: 1_000_000,
  contentType: "application/vnd.kubernetes.protobuf",
  kubeAPIQPS: 50,
  kubeAPIBurst: 100,
  serializeImagePulls: true,
  evictionHard: {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
  },
  evictionPressureTransitionPeriod: "5m0s",
  enableControllerAttachDetach: true,
  makeIPTablesUtilChains: true,
  iptablesMasqueradeBit: 14,
  iptablesDropBit: 15,
  failSwapOn: true,
  memorySwap: { swapBehavior: "" },
  containerLogMaxSize: "10Mi",
  containerLogMaxFiles: 5,
  containerLogMaxWorkers: 1,
  containerLogMonitorInterval: "10s",
  configMapAndSecretChangeDetectionStrategy: "Watch",
  enforceNodeAllocatable: ["pods"],
  volumePluginDir: "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/",
  logging: {
    format: "text",
    flushFrequency: "5s",
    verbosity: 0,
    vmodule: [],
    options: {
      text: { splitStream: false, infoBufferSize: "0" },
      json: { splitStream: false, infoBufferSize: "0" },
    },
  },
  enableSystemLogHandler: true,
  crashLoopBackOff: { maxContainerRestartPeriod: "5m0s" },
  enableProfilingHandler: true,
  enableDebugFlagsHandler: true,
  memoryThrottlingFactor: 0.9,
  memoryReservationPolicy: "None",
  registerNode: true,
  localStorageCapacityIsolation: true,
  containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
  imageMaximumGCAge: "0s",
  shutdownGracePeriod: "0s",
  shutdownGracePeriodCriticalPods: "0s",
};

test("the table has the fields of the kubelet's type, each of them and no other", () => {
  assert.deepEqual(Object.keys(kubeletFields).sort(), [...typeOfKubelet].sort());
});

test("no field stands in two groups", () => {
  const names = Object.values(kubeletFieldGroups).flatMap((group) => Object.keys(group));
  assert.equal(new Set(names).size, names.length);
});

test("nothing set gives the kubelet's defaults, all of origin default", () => {
  const result = effectiveConfiguration({});
  assert.ok("configuration" in result);
  const { kubelet, kubeletOrigins } = result.configuration;
  for (const [name, value] of Object.entries(kubelet)) {
    if (name in nonZeroDefaults) assert.deepEqual(value, nonZeroDefaults[name], name);
    else assert.ok(isEmpty(value), `${name} is ${JSON.stringify(value)}`);
  }
  for (const name of Object.keys(nonZeroDefaults)) assert.ok(name in kubelet, name);
  assert.deepEqual(new Set([...kubeletOrigins.values()].map(({ kind }) => kind)), new Set(["default"]));
});

test("the default of every field is a value that the field takes", () => {
  for (const problem of wrongDefaults(kubeletFields, "")) assert.fail(problem);
});

function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === false || value === 0 || value === "";
}

function wrongDefaults(fields: Fields, prefix: string): readonly string[] {
  return Object.entries(fields).flatMap(([name, { type, default: value }]) => {
    if (type.kind === "object") return wrongDefaults(type.fields, `${prefix}${name}.`);
    const fits = type.kind !== "enum" || (typeof value === "string" && type.values.includes(value));
    return fits ? [] : [`${prefix}${name}: ${JSON.stringify(value)}`];
  });
}
