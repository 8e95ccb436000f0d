/**
 * KubeletConfiguration kubelet.config.k8s.io/v1beta1: every field (of Kubernetes 1.26 to 1.38), with the defaults of
 * 1.33 (SetDefaults_KubeletConfiguration; evictionHard from eviction/defaults_linux.go).
 */
import type { Values } from "./field.ts";
import { clusterFields } from "./fields/cluster.ts";
import { podFields } from "./fields/pods.ts";
import { resourceFields } from "./fields/resources.ts";
import { runtimeFields } from "./fields/runtime.ts";
import { servingFields } from "./fields/serving.ts";

/** The table's parts, in the order in which they are shown. */
export const kubeletFieldGroups = {
  Pods: podFields,
  "Runtime, images, logs": runtimeFields,
  "Resources, reservations, eviction": resourceFields,
  "Serving and own logs": servingFields,
  "Node and cluster": clusterFields,
} as const;

export const kubeletFields = {
  ...podFields,
  ...runtimeFields,
  ...resourceFields,
  ...servingFields,
  ...clusterFields,
};

/** Every default filled, Kubernetes' own names; durations are Go duration texts. */
export type KubeletConfiguration = Values<typeof kubeletFields>;

export const kubeletApiVersion = "kubelet.config.k8s.io/v1beta1";
export const kubeletKind = "KubeletConfiguration";
