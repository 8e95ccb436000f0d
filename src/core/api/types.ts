/**
 * The Kubernetes API types that the agent handles, as read-only values. The shapes come from the `kubernetes-types`
 * package (types only, nothing at run time). A field that is absent was not set.
 */
import type * as v1 from "kubernetes-types/core/v1.js";
import type * as meta from "kubernetes-types/meta/v1.js";
import type * as storage from "kubernetes-types/storage/v1.js";
import type * as newer from "./newer-fields.ts";
import type { DeepReadonly } from "./readonly.ts";

export type ObjectMeta = DeepReadonly<meta.ObjectMeta>;
export type OwnerReference = DeepReadonly<meta.OwnerReference>;
export type LabelSelector = DeepReadonly<meta.LabelSelector>;
export type Pod = DeepReadonly<v1.Pod>;
export type PodSpec = DeepReadonly<v1.PodSpec>;
export type PodStatus = DeepReadonly<v1.PodStatus>;
export type PodCondition = DeepReadonly<v1.PodCondition>;
export type PodSecurityContext = DeepReadonly<v1.PodSecurityContext>;
export type Container = DeepReadonly<v1.Container>;
export type EphemeralContainer = DeepReadonly<v1.EphemeralContainer>;
export type ContainerRestartRule = DeepReadonly<v1.ContainerRestartRule>;
export type ContainerPort = DeepReadonly<v1.ContainerPort>;
export type ContainerStatus = DeepReadonly<v1.ContainerStatus>;
export type ContainerState = DeepReadonly<v1.ContainerState>;
export type ResourceRequirements = DeepReadonly<v1.ResourceRequirements>;
export type SecurityContext = DeepReadonly<v1.SecurityContext>;
export type SeccompProfile = DeepReadonly<v1.SeccompProfile>;
export type EnvVar = DeepReadonly<v1.EnvVar>;
export type EnvFromSource = DeepReadonly<v1.EnvFromSource>;
export type FileKeySelector = DeepReadonly<newer.FileKeySelector>;
export type Volume = DeepReadonly<v1.Volume>;
export type VolumeMount = DeepReadonly<v1.VolumeMount>;
export type Probe = DeepReadonly<v1.Probe>;
export type LifecycleHandler = DeepReadonly<v1.LifecycleHandler>;
export type Toleration = DeepReadonly<v1.Toleration>;
export type ConfigMap = DeepReadonly<v1.ConfigMap>;
export type Secret = DeepReadonly<v1.Secret>;
export type PersistentVolume = DeepReadonly<v1.PersistentVolume>;
export type PersistentVolumeSpec = DeepReadonly<v1.PersistentVolumeSpec>;
export type PersistentVolumeClaim = DeepReadonly<v1.PersistentVolumeClaim>;
export type PersistentVolumeClaimSpec = DeepReadonly<v1.PersistentVolumeClaimSpec>;
export type NodeSelector = DeepReadonly<v1.NodeSelector>;
export type StorageClass = DeepReadonly<storage.StorageClass>;
export type CsiDriver = DeepReadonly<storage.CSIDriver>;
export type Service = DeepReadonly<v1.Service>;
export type Node = DeepReadonly<v1.Node>;
export type NodeCondition = DeepReadonly<v1.NodeCondition>;
export type ObjectReference = DeepReadonly<v1.ObjectReference>;

/** Resource name -> quantity text, as written in a manifest (`{"memory": "64Mi"}`). */
export type ResourceList = Readonly<Record<string, string>>;

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";
export type RestartPolicy = "Always" | "OnFailure" | "Never";
