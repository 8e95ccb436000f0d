import type { ConfigMap, Secret } from "../../core/api/types.ts";

/** Where a pod's ConfigMaps and Secrets come from; `undefined`: there is none of that name. */
export interface ObjectLookup {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
}
