/** What an agent is made from, what it is told, and what it is to others: for the daemon and the simulated node alike. */
import type { ResourceList } from "../core/api/types.ts";
import type { BackoffConfig } from "../core/backoff/backoff.ts";
import type { ContainerGcPolicy } from "../core/containers/garbage.ts";
import type { CredentialProvider } from "../core/images/credential-provider-config.ts";
import type { VerificationRules } from "../core/images/pulled-image.ts";
import type { Cgroups } from "../ports/cgroups.ts";
import type { Clock } from "../ports/clock.ts";
import type { ImageTransfers } from "../ports/image-transfers.ts";
import type { KernelLog } from "../ports/kernel-log.ts";
import type { Log } from "../ports/log.ts";
import type { LogFiles } from "../ports/log-files.ts";
import type { MachineInfo } from "../ports/machine.ts";
import type { ManifestSource } from "../ports/manifest-source.ts";
import type { OomCounters } from "../ports/oom-counters.ts";
import type { PodFiles } from "../ports/pod-files.ts";
import type { PressureSignals } from "../ports/pressure-signals.ts";
import type { Prober } from "../ports/prober.ts";
import type { RecordStore } from "../ports/record-store.ts";
import type { CredentialPrograms, DockerConfigFiles } from "../ports/registry-credentials.ts";
import type { ImageService, RuntimeEventSource, RuntimeService } from "../ports/runtime.ts";
import type { Stats } from "../ports/stats.ts";
import type { TokenSource } from "../ports/token-source.ts";
import type { PodAdmissionOptions } from "./admission/pod-admission.ts";
import type { AgentView } from "./agent-view.ts";
import type { ContainerGc } from "./containers/container-gc.ts";
import type { EventRecorder } from "./events/event-recorder.ts";
import type { EvictionOptions } from "./eviction/create-eviction.ts";
import type { EvictionManager } from "./eviction/eviction-manager.ts";
import type { ImageGc, ImageGcOptions } from "./images/image-gc.ts";
import type { ImagePullLimits } from "./images/pull-queue.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Pleg } from "./pleg/pleg.ts";
import type { PodWorkers } from "./pod-workers/pod-workers.ts";
import type { PodManager, ReadManifest } from "./pods/pod-manager.ts";
import type { PodCgroupsOptions } from "./resources/pod-cgroups.ts";
import type { StatsManager, StatsManagerOptions } from "./stats/stats-manager.ts";
import type { StoragePorts } from "./volumes/create-storage.ts";

export interface AgentPorts extends StoragePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly imageTransfers: ImageTransfers;
  readonly dockerConfig: DockerConfigFiles;
  readonly credentialPrograms: CredentialPrograms;
  readonly eventSource: RuntimeEventSource;
  readonly cgroups: Cgroups;
  readonly kernelLog: KernelLog;
  readonly oomCounters: OomCounters;
  readonly stats: Stats;
  readonly pressureSignals: PressureSignals;
  readonly files: PodFiles;
  readonly logFiles: LogFiles;
  readonly store: RecordStore;
  readonly tokens: TokenSource;
  readonly prober: Prober;
  readonly sources: readonly ManifestSource[];
  readonly readManifest: ReadManifest;
  readonly machine: MachineInfo;
}

export interface AgentOptions {
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  readonly logRoot: string;
  readonly logLinksRoot: string;
  readonly seccompProfileRoot: string;
  readonly seccompDefault: boolean;
  readonly clusterDomain: string;
  readonly clusterDns: readonly string[];
  readonly resolvConf: string;
  /** Checked by the configuration: each is a name or pattern that `sysctlAllowlist` takes. */
  readonly allowedUnsafeSysctls: readonly string[];
  readonly standalone: boolean;
  /** What pods may request of this node. */
  readonly allocatable: ResourceList;
  /** User and group ids of a pod with users of its own; absent: the kubelet's 65536. */
  readonly idsPerPod?: number;
  readonly admission: PodAdmissionOptions;
  readonly cpuCfsQuota: boolean;
  readonly cpuPeriodUs: number;
  /** Out of memory kills all processes of a container; `false`: the kernel chooses one. Default `false`. */
  readonly oomKillsGroup?: boolean;
  /** Absent: no limit. */
  readonly imagePulls?: ImagePullLimits;
  readonly credentialProviders: readonly CredentialProvider[];
  /** Who may use images that are here; absent: every pod. */
  readonly imageVerification?: VerificationRules;
  readonly imageGc: ImageGcOptions;
  readonly eviction: EvictionOptions;
  readonly crashBackoff: BackoffConfig;
  readonly resyncMs: number;
  readonly containerLogMaxSizeBytes: number;
  readonly containerLogMaxFiles: number;
  readonly containerLogMonitorIntervalMs: number;
  readonly containerGc: { readonly policy: ContainerGcPolicy; readonly periodMs: number };
  readonly cgroups: Omit<PodCgroupsOptions, "activePods">;
  /** Where claims without a volume get their directories. */
  readonly claimsDirectory: string;
  readonly stats: Pick<StatsManagerOptions, "rootDir" | "diskPeriodMs" | "systemCgroups">;
}

/** Anything with a loop: `start` returns when it runs, `stop` when it ended (after `signal` was aborted). */
export interface Component {
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface Agent {
  readonly view: AgentView;
  readonly workers: PodWorkers;
  readonly pods: PodManager;
  readonly pleg: Pleg;
  readonly kubelet: Kubelet;
  readonly gc: ContainerGc;
  readonly imageGc: ImageGc;
  readonly stats: StatsManager;
  readonly eviction: EvictionManager;
  readonly events: EventRecorder;
  start(): Promise<void>;
  /** Ends every pod; resolves with the names of those that did not end in time. */
  stopPods(graceSeconds?: number): Promise<readonly string[]>;
  /** Ends all loops; pods go on running. */
  stop(): Promise<void>;
}
