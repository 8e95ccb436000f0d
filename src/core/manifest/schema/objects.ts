import type { StructTable } from "../go-type.ts";

/** The objects themselves. Source: core/v1 types.go, 1.36. */
export const OBJECT_STRUCTS: StructTable = {
  Pod: { kind: "string", apiVersion: "string", metadata: "ObjectMeta", spec: "PodSpec", status: "PodStatus" },
  PodList: { kind: "string", apiVersion: "string", metadata: "ListMeta", items: "[]Pod!" },
  ConfigMap: {
    kind: "string",
    apiVersion: "string",
    metadata: "ObjectMeta",
    immutable: "*bool",
    data: "map[string]string",
    binaryData: "map[string]bytes",
  },
  Secret: {
    kind: "string",
    apiVersion: "string",
    metadata: "ObjectMeta",
    immutable: "*bool",
    data: "map[string]bytes",
    stringData: "map[string]string",
    type: "~SecretType",
  },
};
