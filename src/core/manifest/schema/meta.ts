import type { StructTable } from "../go-type.ts";

/** Types of k8s.io/apimachinery meta/v1 that occur in a Pod, ConfigMap or Secret. Source: meta/v1 types.go, 1.36. */
export const META_STRUCTS: StructTable = {
  ObjectMeta: {
    name: "string",
    generateName: "string",
    namespace: "string",
    selfLink: "string",
    uid: "~types.UID",
    resourceVersion: "string",
    generation: "int64",
    creationTimestamp: "Time",
    deletionTimestamp: "*Time",
    deletionGracePeriodSeconds: "*int64",
    labels: "map[string]string",
    annotations: "map[string]string",
    ownerReferences: "[]OwnerReference",
    finalizers: "[]string",
    managedFields: "[]ManagedFieldsEntry",
  },
  ListMeta: {
    selfLink: "string",
    resourceVersion: "string",
    continue: "string",
    remainingItemCount: "*int64",
  },
  OwnerReference: {
    apiVersion: "string!",
    kind: "string!",
    name: "string!",
    uid: "~types.UID!",
    controller: "*bool",
    blockOwnerDeletion: "*bool",
  },
  ManagedFieldsEntry: {
    manager: "string",
    operation: "~ManagedFieldsOperationType",
    apiVersion: "string",
    time: "*Time",
    fieldsType: "string",
    fieldsV1: "*raw",
    subresource: "string",
  },
  LabelSelector: {
    matchLabels: "map[string]string",
    matchExpressions: "[]LabelSelectorRequirement",
  },
  LabelSelectorRequirement: {
    key: "string!",
    operator: "~LabelSelectorOperator!",
    values: "[]string",
  },
};
