import type { StructTable } from "../go-type.ts";

/** RuntimeClass. Source: node/v1 types.go, 1.36. */
export const RUNTIME_CLASS_STRUCTS: StructTable = {
  RuntimeClass: {
    kind: "string",
    apiVersion: "string",
    metadata: "ObjectMeta",
    handler: "string!",
    overhead: "*Overhead",
    scheduling: "*Scheduling",
  },
  Overhead: { podFixed: "ResourceList" },
  Scheduling: { nodeSelector: "map[string]string", tolerations: "[]Toleration" },
};
