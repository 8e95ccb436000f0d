/**
 * Feature gates: the ones that concern a node, with the defaults of Kubernetes 1.33, and the names of those that only
 * other components look at. `does`: what this agent does whatever the gate says; absent: the gate is asked.
 */
import { hint } from "./did-you-mean.ts";

export interface FeatureGate {
  readonly default: boolean;
  readonly does?: boolean;
  /** Cannot be set to anything but its default, as in the kubelet. */
  readonly locked?: boolean;
}

const asked = (standard: boolean): FeatureGate => ({ default: standard });
const on: FeatureGate = { default: true, does: true };
const always: FeatureGate = { default: true, does: true, locked: true };
const off: FeatureGate = { default: false, does: false };
/** On in the kubelet, not built here. */
const missing: FeatureGate = { default: true, does: false };
/** Off in the kubelet, done here always. */
const ahead: FeatureGate = { default: false, does: true };

export const nodeFeatureGates: Readonly<Record<string, FeatureGate>> = {
  CustomCPUCFSQuotaPeriod: asked(false),
  KubeletEnsureSecretPulledImages: asked(false),
  // Differs: off by default in 1.33, on from 1.35; a node alone has no use for the switch.
  KubeletCrashLoopBackOffMax: asked(true),
  ReduceDefaultCrashLoopBackOffDecay: asked(false),

  AppArmor: always,
  AppArmorFields: always,
  CPUManager: always,
  DevicePluginCDIDevices: always,
  DisableCloudProviders: always,
  DisableKubeletCloudCredentialProviders: always,
  PodDisruptionConditions: always,
  PodHostIPs: always,

  ContainerRestartRules: ahead,
  EventedPLEG: ahead,
  ImageVolume: ahead,
  ExecProbeTimeout: on,
  ImageMaximumGCAge: on,
  PodReadyToStartContainersCondition: on,
  RelaxedEnvironmentVariableValidation: on,
  SidecarContainers: on,

  AllowDNSOnlyNodeCSR: off,
  AllowOverwriteTerminationGracePeriodSeconds: off,
  ClusterTrustBundle: off,
  ClusterTrustBundleProjection: off,
  ContainerStopSignals: off,
  CPUManagerPolicyAlphaOptions: off,
  CSIVolumeHealth: off,
  DisableNodeKubeProxyVersion: off,
  DynamicResourceAllocation: off,
  EnvFiles: off,
  InPlacePodVerticalScalingAllocatedStatus: off,
  InPlacePodVerticalScalingExclusiveCPUs: off,
  InPlacePodVerticalScalingExclusiveMemory: off,
  KubeletInUserNamespace: off,
  KubeletPodResourcesDynamicResources: off,
  KubeletPodResourcesGet: off,
  KubeletPSI: off,
  KubeletRegistrationGetOnExistsOnly: off,
  KubeletServiceAccountTokenForCredentialProviders: off,
  LocalStorageCapacityIsolationFSQuotaMonitoring: off,
  LoggingAlphaOptions: off,
  MemoryQoS: off,
  NodeLogQuery: off,
  PodAndContainerStatsFromCRI: off,
  PodCertificateRequest: off,
  PodLevelResources: off,
  PodObservedGenerationTracking: off,
  QOSReserved: off,
  ResourceHealthStatus: off,
  RuntimeClassInImageCriApi: off,
  SELinuxMount: off,
  TopologyManagerPolicyAlphaOptions: off,

  ContainerCheckpoint: missing,
  ContextualLogging: missing,
  CPUManagerPolicyBetaOptions: missing,
  CPUManagerPolicyOptions: missing,
  DisableCPUQuotaWithExclusiveCPUs: missing,
  GracefulNodeShutdown: missing,
  GracefulNodeShutdownBasedOnPodPriority: missing,
  InPlacePodVerticalScaling: missing,
  KubeletCgroupDriverFromCRI: missing,
  KubeletFineGrainedAuthz: missing,
  KubeletSeparateDiskGC: missing,
  KubeletTracing: missing,
  LocalStorageCapacityIsolation: missing,
  LoggingBetaOptions: missing,
  MemoryManager: missing,
  NodeSwap: missing,
  PodLifecycleSleepAction: on,
  PodLifecycleSleepActionAllowZero: on,
  ProcMountType: missing,
  RecursiveReadOnlyMounts: on,
  RelaxedDNSSearchValidation: missing,
  ReloadKubeletServerCertificateFile: missing,
  RotateKubeletServerCertificate: missing,
  SELinuxChangePolicy: missing,
  SELinuxMountReadWriteOncePod: missing,
  SizeMemoryBackedVolumes: on,
  SupplementalGroupsPolicy: missing,
  SystemdWatchdog: missing,
  TopologyManagerPolicyBetaOptions: missing,
  TopologyManagerPolicyOptions: missing,
  UserNamespacesSupport: missing,
};

/** Gates of the control plane, of kube-proxy and of Windows, so that one list can be given to all components. */
const otherFeatureGates: readonly string[] = `
  AdmissionWebhookMatchConditions AggregatedDiscoveryEndpoint AllAlpha AllBeta
  AllowInsecureKubeletCertificateSigningRequests AnonymousAuthConfigurableEndpoints AnyVolumeDataSource APIListChunking
  APIResponseCompression APIServerIdentity APIServerTracing APIServingWithRoutine AuthorizeNodeWithSelectors
  AuthorizeWithSelectors CloudControllerManagerWebhook ComponentFlagz ComponentSLIs ComponentStatusz
  ConcurrentWatchObjectDecode ConsistentListFromCache CoordinatedLeaderElection CRDValidationRatcheting
  CronJobsScheduledAnnotation CronJobTimeZone CrossNamespaceVolumeDataSource CSIMigrationPortworx
  CustomResourceFieldSelectors DisableAllocatorDualWrite EfficientWatchResumption ElasticIndexedJob HonorPVReclaimPolicy
  HPAContainerMetrics HPAScaleToZero InTreePluginPortworxUnregister JobBackoffLimitPerIndex JobManagedBy
  JobPodFailurePolicy JobPodReplacementPolicy JobSuccessPolicy KMSv1 KubeProxyDrainingTerminatingNodes LoadBalancerIPMode
  LogarithmicScaleDown MatchLabelKeysInPodAffinity MatchLabelKeysInPodTopologySpread MaxUnavailableStatefulSet
  MultiCIDRServiceAllocator MutatingAdmissionPolicy NFTablesProxyMode NodeInclusionPolicyInPodTopologySpread OpenAPIEnums
  PDBUnhealthyPodEvictionPolicy PersistentVolumeLastPhaseTransitionTime PodDeletionCost PodIndexLabel
  PodSchedulingReadiness PortForwardWebsockets RecoverVolumeExpansionFailure RemainingItemCount
  ResilientWatchCacheInitialization RetryGenerateName SchedulerAsyncPreemption SchedulerQueueingHints
  SeparateCacheWatchRPC SeparateTaintEvictionController ServiceAccountTokenJTI ServiceAccountTokenNodeBinding
  ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution
  StatefulSetAutoDeletePVC StatefulSetStartOrdinal StorageNamespaceIndex StorageVersionAPI StorageVersionHash
  StorageVersionMigrator StrictCostEnforcementForVAP StrictCostEnforcementForWebhooks
  StructuredAuthenticationConfiguration StructuredAuthorizationConfiguration TopologyAwareHints
  TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy
  UserNamespacesPodSecurityStandards VolumeAttributesClass VolumeCapacityPriority WatchBookmark
  WatchCacheInitializationPostStartHook WatchFromStorageWithoutResourceVersion WatchList WindowsHostNetwork WinDSR
  WinOverlay ZeroLimitedNominalConcurrencyShares
`
  .trim()
  .split(/\s+/);

export type GateSettings = Readonly<Record<string, boolean>>;

/** Whether the gate is on: as set, else its default; false for a gate that is not known. */
export function featureEnabled(set: GateSettings, name: string): boolean {
  return set[name] ?? nodeFeatureGates[name]?.default ?? false;
}

/** Texts of what is wrong with the gates that are set (component-base featuregate SetFromMap). */
export function featureGateErrors(set: GateSettings): readonly { readonly gate: string; readonly message: string }[] {
  const known = [...Object.keys(nodeFeatureGates), ...otherFeatureGates];
  return Object.entries(set).flatMap(([gate, value]) => {
    if (!known.includes(gate)) {
      return [{ gate, message: `unrecognized feature gate: ${gate}${hint(gate, known, (name) => name)}` }];
    }
    const { locked, default: standard } = nodeFeatureGates[gate] ?? {};
    if (locked !== true || value === standard) return [];
    return [{ gate, message: `cannot set feature gate ${gate} to ${value}, feature is locked to ${standard}` }];
  });
}

/** The gate asks for what this agent does not do, or against what it always does. */
export function gateNotHonoured(gate: string, value: boolean): boolean {
  const does = nodeFeatureGates[gate]?.does;
  return does !== undefined && does !== value;
}
