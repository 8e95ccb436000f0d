/** The configuration as the agent uses it: units in the names, durations as milliseconds, quantities as bytes. */
import { type BackoffConfig, KUBELET_BACKOFF, REDUCED_BACKOFF } from "../backoff/backoff.ts";
import type { VerificationPolicy, VerificationRules } from "../images/pulled-image.ts";
import type { Taint } from "../pod/tolerates.ts";
import { bytesOf } from "../quantity/index.ts";
import { featureEnabled } from "./feature-gates.ts";
import { parseGoDuration } from "./go-duration.ts";
import type { KubeletConfiguration } from "./kubelet-fields.ts";

/** Typed view of a valid KubeletConfiguration; every value is settled, absent ones say what absence means. */
export interface KubeletSettings {
  /** "" is none. */
  readonly staticPodPath: string;
  /** "" is none. */
  readonly staticPodUrl: string;
  readonly staticPodUrlHeader: Readonly<Record<string, readonly string[]>>;
  readonly syncFrequencyMs: number;
  readonly fileCheckFrequencyMs: number;
  readonly httpCheckFrequencyMs: number;

  readonly enableServer: boolean;
  readonly address: string;
  readonly port: number;
  /** 0 is none. */
  readonly readOnlyPort: number;
  /** 0 is none. */
  readonly healthzPort: number;
  readonly healthzBindAddress: string;
  readonly enableDebuggingHandlers: boolean;
  readonly streamingConnectionIdleTimeoutMs: number;

  readonly maxPods: number;
  /** 0 is no limit. */
  readonly podsPerCore: number;
  /** "" where the control plane gives it. */
  readonly podCidr: string;
  /** Absent: no limit of its own for a pod. */
  readonly podPidsLimit?: number;
  readonly clusterDns: readonly string[];
  /** "" is none. */
  readonly clusterDomain: string;
  /** "" is none: pods get no resolver. */
  readonly resolvConf: string;
  readonly hairpinMode: string;
  readonly seccompDefault: boolean;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly crashBackoff: BackoffConfig;
  /** Absent: the kubelet's 65536. */
  readonly idsPerPod: number | undefined;

  readonly containerRuntimeEndpoint: string;
  /** The runtime's endpoint where no other one is set. */
  readonly imageServiceEndpoint: string;
  readonly runtimeRequestTimeoutMs: number;
  readonly podLogsDir: string;
  readonly containerLogMaxSizeBytes: number;
  readonly containerLogMaxFiles: number;
  readonly containerLogMaxWorkers: number;
  readonly containerLogMonitorIntervalMs: number;

  readonly serializeImagePulls: boolean;
  /** Absent: no limit. */
  readonly maxParallelImagePulls?: number;
  /** 0 is no limit. */
  readonly registryPullQps: number;
  readonly registryBurst: number;
  readonly imageMinimumGcAgeMs: number;
  /** 0 is never. */
  readonly imageMaximumGcAgeMs: number;
  /** Absent: every pod may use whatever image is here. */
  readonly imageVerification?: VerificationRules;
  readonly imageGcHighThresholdPercent: number;
  readonly imageGcLowThresholdPercent: number;

  readonly cgroupDriver: "cgroupfs" | "systemd";
  /** "/" where not set. */
  readonly cgroupRoot: string;
  readonly cgroupsPerQos: boolean;
  readonly kubeletCgroups: string;
  /** Resource name -> quantity text. */
  readonly systemReserved: Readonly<Record<string, string>>;
  readonly kubeReserved: Readonly<Record<string, string>>;
  readonly systemReservedCgroup: string;
  readonly kubeReservedCgroup: string;
  /** Never "none": that is an empty list. */
  readonly enforceNodeAllocatable: readonly string[];
  readonly cpuCfsQuota: boolean;
  readonly cpuCfsQuotaPeriodMicroseconds: number;
  /** Absent: as the cgroup version has it (v1 one process, v2 the whole container). */
  readonly singleProcessOomKill?: boolean;
  readonly oomScoreAdj: number;
  readonly failSwapOn: boolean;
  readonly failCgroupV1: boolean;
  readonly protectKernelDefaults: boolean;
  readonly swapBehavior: "" | "NoSwap" | "LimitedSwap";
  readonly memoryThrottlingFactor: number;

  /** Signal -> quantity or percentage text. */
  readonly evictionHard: Readonly<Record<string, string>>;
  readonly evictionSoft: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriodMs: Readonly<Record<string, number>>;
  readonly evictionMinimumReclaim: Readonly<Record<string, string>>;
  readonly evictionPressureTransitionPeriodMs: number;
  readonly evictionMaxPodGracePeriodSeconds: number;
  readonly kernelMemcgNotification: boolean;
  readonly localStorageCapacityIsolation: boolean;
  readonly volumeStatsAggPeriodMs: number;

  readonly registerWithTaints: readonly Taint[];
  readonly shutdownGracePeriodMs: number;
  readonly shutdownGracePeriodCriticalPodsMs: number;

  readonly logFormat: "text" | "json";
  readonly logVerbosity: number;
  /** Events per second; 0 is no limit. */
  readonly eventRecordQps: number;
  readonly eventBurst: number;

  /** Whether a gate is on, its default included. */
  featureEnabled(gate: string): boolean;
}

/** The policy is set wherever the gate is on. */
function imageVerification(config: KubeletConfiguration): Pick<KubeletSettings, "imageVerification"> {
  const { imagePullCredentialsVerificationPolicy: policy, preloadedImagesVerificationAllowlist: allowlist } = config;
  return policy === "" ? {} : { imageVerification: { policy: policy as VerificationPolicy, allowlist } };
}

/** The typed view of a configuration that passed the validation. */
export function kubeletSettings(config: KubeletConfiguration): KubeletSettings {
  const { podPidsLimit, maxParallelImagePulls, singleProcessOOMKill } = config;
  return {
    ...podSettings(config),
    ...servingSettings(config),
    ...runtimeSettings(config),
    ...resourceSettings(config),
    ...evictionSettings(config),
    ...imageVerification(config),
    ...(podPidsLimit < 0 ? {} : { podPidsLimit }),
    ...(maxParallelImagePulls === undefined ? {} : { maxParallelImagePulls }),
    ...(singleProcessOOMKill === undefined ? {} : { singleProcessOomKill: singleProcessOOMKill }),
    featureEnabled: (gate) => featureEnabled(config.featureGates, gate),
  };
}

function podSettings(config: KubeletConfiguration) {
  return {
    staticPodPath: config.staticPodPath,
    staticPodUrl: config.staticPodURL,
    staticPodUrlHeader: config.staticPodURLHeader,
    syncFrequencyMs: milliseconds(config.syncFrequency),
    fileCheckFrequencyMs: milliseconds(config.fileCheckFrequency),
    httpCheckFrequencyMs: milliseconds(config.httpCheckFrequency),
    maxPods: config.maxPods,
    podsPerCore: config.podsPerCore,
    podCidr: config.podCIDR,
    clusterDns: config.clusterDNS,
    clusterDomain: config.clusterDomain,
    resolvConf: config.resolvConf,
    hairpinMode: config.hairpinMode,
    seccompDefault: config.seccompDefault,
    allowedUnsafeSysctls: config.allowedUnsafeSysctls,
    crashBackoff: crashBackoff(config),
    idsPerPod: config.userNamespaces?.idsPerPod,
    localStorageCapacityIsolation: config.localStorageCapacityIsolation,
    volumeStatsAggPeriodMs: milliseconds(config.volumeStatsAggPeriod),
    registerWithTaints: config.registerWithTaints,
    shutdownGracePeriodMs: milliseconds(config.shutdownGracePeriod),
    shutdownGracePeriodCriticalPodsMs: milliseconds(config.shutdownGracePeriodCriticalPods),
  };
}

/** Source: kubelet kubelet.go newCrashLoopBackOff (1.33): a low maximum is the first delay, too. */
function crashBackoff({ crashLoopBackOff, featureGates }: KubeletConfiguration): BackoffConfig {
  const isReduced = featureEnabled(featureGates, "ReduceDefaultCrashLoopBackOffDecay");
  const curve = isReduced ? REDUCED_BACKOFF : KUBELET_BACKOFF;
  const max = crashLoopBackOff.maxContainerRestartPeriod;
  const maxMs = max === undefined ? curve.maxMs : milliseconds(max);
  return { initialMs: Math.min(curve.initialMs, maxMs), maxMs };
}

function servingSettings(config: KubeletConfiguration) {
  return {
    enableServer: config.enableServer,
    address: config.address,
    port: config.port,
    readOnlyPort: config.readOnlyPort,
    healthzPort: config.healthzPort,
    healthzBindAddress: config.healthzBindAddress,
    enableDebuggingHandlers: config.enableDebuggingHandlers,
    streamingConnectionIdleTimeoutMs: milliseconds(config.streamingConnectionIdleTimeout),
    logFormat: config.logging.format,
    logVerbosity: config.logging.verbosity,
    eventRecordQps: config.eventRecordQPS,
    eventBurst: config.eventBurst,
  };
}

function runtimeSettings(config: KubeletConfiguration) {
  return {
    containerRuntimeEndpoint: config.containerRuntimeEndpoint,
    imageServiceEndpoint: config.imageServiceEndpoint || config.containerRuntimeEndpoint,
    runtimeRequestTimeoutMs: milliseconds(config.runtimeRequestTimeout),
    podLogsDir: config.podLogsDir,
    containerLogMaxSizeBytes: bytesOf(config.containerLogMaxSize),
    containerLogMaxFiles: config.containerLogMaxFiles,
    containerLogMaxWorkers: config.containerLogMaxWorkers,
    containerLogMonitorIntervalMs: milliseconds(config.containerLogMonitorInterval),
    serializeImagePulls: config.serializeImagePulls,
    registryPullQps: config.registryPullQPS,
    registryBurst: config.registryBurst,
    imageMinimumGcAgeMs: milliseconds(config.imageMinimumGCAge),
    imageMaximumGcAgeMs: milliseconds(config.imageMaximumGCAge),
    imageGcHighThresholdPercent: config.imageGCHighThresholdPercent,
    imageGcLowThresholdPercent: config.imageGCLowThresholdPercent,
  };
}

function resourceSettings(config: KubeletConfiguration) {
  return {
    cgroupDriver: config.cgroupDriver,
    cgroupRoot: config.cgroupRoot || "/",
    cgroupsPerQos: config.cgroupsPerQOS,
    kubeletCgroups: config.kubeletCgroups,
    systemReserved: config.systemReserved,
    kubeReserved: config.kubeReserved,
    systemReservedCgroup: config.systemReservedCgroup,
    kubeReservedCgroup: config.kubeReservedCgroup,
    enforceNodeAllocatable: config.enforceNodeAllocatable.filter((name) => name !== "none"),
    cpuCfsQuota: config.cpuCFSQuota,
    cpuCfsQuotaPeriodMicroseconds: milliseconds(config.cpuCFSQuotaPeriod) * 1000,
    oomScoreAdj: config.oomScoreAdj,
    failSwapOn: config.failSwapOn,
    failCgroupV1: config.failCgroupV1,
    protectKernelDefaults: config.protectKernelDefaults,
    swapBehavior: config.memorySwap.swapBehavior,
    memoryThrottlingFactor: config.memoryThrottlingFactor,
  };
}

function evictionSettings(config: KubeletConfiguration) {
  const graces = Object.entries(config.evictionSoftGracePeriod);
  return {
    evictionHard: config.evictionHard,
    evictionSoft: config.evictionSoft,
    evictionSoftGracePeriodMs: Object.fromEntries(graces.map(([signal, text]) => [signal, milliseconds(text)])),
    evictionMinimumReclaim: config.evictionMinimumReclaim,
    evictionPressureTransitionPeriodMs: milliseconds(config.evictionPressureTransitionPeriod),
    evictionMaxPodGracePeriodSeconds: config.evictionMaxPodGracePeriod,
    kernelMemcgNotification: config.kernelMemcgNotification,
  };
}

function milliseconds(text: string): number {
  return (parseGoDuration(text) ?? 0) / 1e6;
}
