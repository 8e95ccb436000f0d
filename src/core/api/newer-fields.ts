/**
 * Fields that the Kubernetes API got after the types of `kubernetes-types` (1.30) were made, up to 1.36. What the decoder
 * knows of them stands in manifest/schema; this gives them their types.
 */
import type {} from "kubernetes-types/core/v1.js";

/** A variable from a file in a volume: `KEY='value'` lines. */
export interface FileKeySelector {
  volumeName: string;
  path: string;
  key: string;
  optional?: boolean;
}

declare module "kubernetes-types/core/v1.js" {
  interface PodSpec {
    hostnameOverride?: string;
    resources?: ResourceRequirements;
    workloadRef?: { name: string; podGroup: string; podGroupReplicaKey?: string };
    schedulingGroup?: { podGroupName?: string };
  }
  interface PodResourceClaim {
    resourceClaimName?: string;
    resourceClaimTemplateName?: string;
  }
  interface PodSecurityContext {
    seLinuxChangePolicy?: string;
    supplementalGroupsPolicy?: string;
  }
  interface Container {
    /** 1.34: the first that matches wins over `restartPolicy`. */
    restartPolicyRules?: ContainerRestartRule[];
  }
  interface EphemeralContainer {
    restartPolicyRules?: ContainerRestartRule[];
  }
  interface ContainerRestartRule {
    /** "Restart". */
    action: string;
    /** `operator`: "In" or "NotIn". */
    exitCodes?: { operator: string; values?: number[] };
  }
  interface EnvVarSource {
    fileKeyRef?: FileKeySelector;
  }
  interface ResourceClaim {
    request?: string;
  }
  interface Lifecycle {
    stopSignal?: string;
  }
  interface Volume {
    image?: { reference?: string; pullPolicy?: string };
  }
  interface VolumeProjection {
    podCertificate?: PodCertificateProjection;
  }
  interface PodCertificateProjection {
    signerName: string;
    keyType: string;
    maxExpirationSeconds?: number;
    credentialBundlePath?: string;
    keyPath?: string;
    certificateChainPath?: string;
    userAnnotations?: { [name: string]: string };
  }
  interface PodStatus {
    observedGeneration?: number;
    allocatedResources?: { [name: string]: string };
    resources?: ResourceRequirements;
  }
  interface PodCondition {
    observedGeneration?: number;
  }
  interface ContainerStatus {
    allocatedResourcesStatus?: {
      name: string;
      resources?: { resourceID: string; health?: string; message?: string }[];
    }[];
    stopSignal?: string;
    user?: { linux?: { uid: number; gid: number; supplementalGroups?: number[] } };
  }
}
