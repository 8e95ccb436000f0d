/** From the effective configuration to the options of the agent. */

import type { AgentOptions } from "../../agent/agent.ts";
import type { EvictionOptions } from "../../agent/eviction/create-eviction.ts";
import { IMAGE_GC_PERIOD_MS, type ImageGcOptions } from "../../agent/images/image-gc.ts";
import type { ImagePullLimits } from "../../agent/images/pull-queue.ts";
import type { SystemCgroup } from "../../agent/stats/cgroup-sweep.ts";
import { admissionNode, nodeLabels } from "../../core/admission/index.ts";
import { hugePageSizeBytes, nodeAllocatable, nodeCapacity, PID_RESOURCE } from "../../core/cgroup/index.ts";
import type { EffectiveConfiguration } from "../../core/config/effective-configuration.ts";
import { type KubeletSettings, kubeletSettings } from "../../core/config/kubelet-settings.ts";
import { DEFAULT_CONTAINER_GC_POLICY } from "../../core/containers/garbage.ts";
import { configuredPolicy } from "../../core/eviction/index.ts";
import type { CredentialProvider } from "../../core/images/credential-provider-config.ts";
import type { MachineInfo } from "../../ports/machine.ts";

const CONTAINER_GC_PERIOD_MS = 60_000;

export interface NodeFacts {
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  /** `--node-labels`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rootDir: string;
  /** Size of the filesystem of `rootDir`; absent: not known. */
  readonly rootFsBytes?: number;
  readonly standalone: boolean;
  readonly cgroupVersion: 1 | 2;
  /** Names of images that are never removed. */
  readonly keepImages: readonly string[];
  readonly systemCgroups: readonly SystemCgroup[];
  readonly credentialProviders: readonly CredentialProvider[];
}

export const CONTAINER_LOGS_DIR = "/var/log/containers";

export function agentOptions(
  configuration: EffectiveConfiguration,
  node: NodeFacts,
  machine: MachineInfo,
): AgentOptions {
  const settings = kubeletSettings(configuration.kubelet);
  const capacity = nodeCapacity({
    cpus: machine.cpuCores,
    memoryBytes: machine.memoryBytes,
    hugePages: Object.entries(machine.hugePageBytes).map(([name, bytes]) => {
      const pageSizeBytes = hugePageSizeBytes(name);
      return { pageSizeBytes, count: pageSizeBytes === 0 ? 0 : bytes / pageSizeBytes };
    }),
    ...(settings.localStorageCapacityIsolation &&
      node.rootFsBytes !== undefined && { ephemeralStorageBytes: node.rootFsBytes }),
    maxPods: settings.maxPods,
    podsPerCore: settings.podsPerCore,
  });
  const { systemReserved, kubeReserved, evictionHard } = settings;
  const reservations = { systemReserved, kubeReserved, evictionHard };
  const allocatable = nodeAllocatable(capacity, reservations);
  const hugePageSizes = Object.keys(machine.hugePageBytes);
  return {
    nodeName: node.nodeName,
    hostIps: node.hostIps,
    standalone: node.standalone,
    logRoot: settings.podLogsDir,
    logLinksRoot: CONTAINER_LOGS_DIR,
    seccompProfileRoot: `${node.rootDir}/seccomp`,
    seccompDefault: settings.seccompDefault,
    clusterDomain: settings.clusterDomain,
    clusterDns: settings.clusterDns,
    resolvConf: settings.resolvConf,
    allowedUnsafeSysctls: settings.allowedUnsafeSysctls,
    ...(settings.idsPerPod !== undefined && { idsPerPod: settings.idsPerPod }),
    cpuCfsQuota: settings.cpuCfsQuota,
    cpuPeriodUs: settings.cpuCfsQuotaPeriodMicroseconds,
    oomKillsGroup: node.cgroupVersion === 2 && settings.singleProcessOomKill !== true,
    imagePulls: imagePullLimits(settings),
    credentialProviders: node.credentialProviders,
    ...(settings.imageVerification && { imageVerification: settings.imageVerification }),
    imageGc: imageGcOptions(settings, node.keepImages),
    eviction: evictionOptions(configuration),
    crashBackoff: settings.crashBackoff,
    resyncMs: settings.syncFrequencyMs,
    containerLogMaxSizeBytes: settings.containerLogMaxSizeBytes,
    containerLogMaxFiles: settings.containerLogMaxFiles,
    containerLogMonitorIntervalMs: settings.containerLogMonitorIntervalMs,
    containerGc: { policy: DEFAULT_CONTAINER_GC_POLICY, periodMs: CONTAINER_GC_PERIOD_MS },
    allocatable,
    admission: {
      node: admissionNode({
        name: node.nodeName,
        labels: nodeLabels({ hostname: machine.hostname, architecture: machine.architecture }, node.labels),
        taints: settings.registerWithTaints,
        allocatable,
      }),
    },
    claimsDirectory: configuration.tskubelet.claimsPath || `${node.rootDir}/claims`,
    stats: {
      rootDir: node.rootDir,
      diskPeriodMs: settings.volumeStatsAggPeriodMs,
      systemCgroups: node.systemCgroups,
    },
    cgroups: {
      node: {
        // Source: kubelet container_manager_linux.go NewContainerManager, internalCapacity.
        capacity: Number.isFinite(machine.maxPids)
          ? { ...capacity, [PID_RESOURCE]: String(machine.maxPids) }
          : capacity,
        reservations,
        enforce: settings.enforceNodeAllocatable,
        systemReservedCgroup: settings.systemReservedCgroup,
        kubeReservedCgroup: settings.kubeReservedCgroup,
        hugePageSizes,
      },
      perQos: settings.cgroupsPerQos,
      pod: {
        enforceCpuLimits: settings.cpuCfsQuota,
        cpuPeriodUs: settings.cpuCfsQuotaPeriodMicroseconds,
        podPidsLimit: settings.podPidsLimit ?? -1,
        hugePageSizes,
      },
    },
  };
}

/** Source: kubelet eviction monitoringInterval. */
const EVICTION_PERIOD_MS = 10_000;

function evictionOptions({ kubelet, tskubelet }: EffectiveConfiguration): EvictionOptions {
  const { evictionHard, evictionSoft, evictionSoftGracePeriod, evictionMinimumReclaim } = kubelet;
  const { evictionPressureTransitionPeriod, evictionMaxPodGracePeriod, mergeDefaultEvictionSettings } = kubelet;
  const { enforceNodeAllocatable, localStorageCapacityIsolation } = kubelet;
  return {
    fields: {
      evictionHard,
      evictionSoft,
      evictionSoftGracePeriod,
      evictionMinimumReclaim,
      evictionPressureTransitionPeriod,
      evictionMaxPodGracePeriod,
      mergeDefaultEvictionSettings,
      enforceNodeAllocatable,
      localStorageCapacityIsolation,
    },
    policy: configuredPolicy(tskubelet.eviction),
    periodMs: EVICTION_PERIOD_MS,
  };
}

function imageGcOptions(settings: KubeletSettings, keepImages: readonly string[]): ImageGcOptions {
  return {
    policy: {
      highThresholdPercent: settings.imageGcHighThresholdPercent,
      lowThresholdPercent: settings.imageGcLowThresholdPercent,
      minAgeMs: settings.imageMinimumGcAgeMs,
      // Without its gate the validation has refused any other.
      maxAgeMs: settings.imageMaximumGcAgeMs,
    },
    periodMs: IMAGE_GC_PERIOD_MS,
    keepImages,
  };
}

/** Source: kubelet images/image_manager.go NewImageManager, images/helpers.go throttleImagePulling. */
function imagePullLimits(settings: KubeletSettings): ImagePullLimits {
  const { serializeImagePulls, maxParallelImagePulls, registryPullQps, registryBurst } = settings;
  const parallel = serializeImagePulls ? 1 : maxParallelImagePulls;
  return {
    ...(parallel !== undefined && { parallel }),
    ...(registryPullQps > 0 && { rate: { perSecond: registryPullQps, burst: registryBurst } }),
  };
}
