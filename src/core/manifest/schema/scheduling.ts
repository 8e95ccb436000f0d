import type { StructTable } from "../go-type.ts";

/** Affinity, tolerations, topology spread. Source: core/v1 types.go, 1.36. */
export const SCHEDULING_STRUCTS: StructTable = {
  Toleration: {
    key: "string",
    operator: "~TolerationOperator",
    value: "string",
    effect: "~TaintEffect",
    tolerationSeconds: "*int64",
  },
  TopologySpreadConstraint: {
    maxSkew: "int32!",
    topologyKey: "string!",
    whenUnsatisfiable: "~UnsatisfiableConstraintAction!",
    labelSelector: "*LabelSelector",
    minDomains: "*int32",
    nodeAffinityPolicy: "*~NodeInclusionPolicy",
    nodeTaintsPolicy: "*~NodeInclusionPolicy",
    matchLabelKeys: "[]string",
  },
  Affinity: { nodeAffinity: "*NodeAffinity", podAffinity: "*PodAffinity", podAntiAffinity: "*PodAntiAffinity" },
  NodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: "*NodeSelector",
    preferredDuringSchedulingIgnoredDuringExecution: "[]PreferredSchedulingTerm",
  },
  NodeSelector: { nodeSelectorTerms: "[]NodeSelectorTerm!" },
  NodeSelectorTerm: { matchExpressions: "[]NodeSelectorRequirement", matchFields: "[]NodeSelectorRequirement" },
  NodeSelectorRequirement: { key: "string!", operator: "~NodeSelectorOperator!", values: "[]string" },
  PreferredSchedulingTerm: { weight: "int32!", preference: "NodeSelectorTerm!" },
  PodAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: "[]PodAffinityTerm",
    preferredDuringSchedulingIgnoredDuringExecution: "[]WeightedPodAffinityTerm",
  },
  PodAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: "[]PodAffinityTerm",
    preferredDuringSchedulingIgnoredDuringExecution: "[]WeightedPodAffinityTerm",
  },
  WeightedPodAffinityTerm: { weight: "int32!", podAffinityTerm: "PodAffinityTerm!" },
  PodAffinityTerm: {
    labelSelector: "*LabelSelector",
    namespaces: "[]string",
    topologyKey: "string!",
    namespaceSelector: "*LabelSelector",
    matchLabelKeys: "[]string",
    mismatchLabelKeys: "[]string",
  },
};
