/** node.k8s.io/v1 RuntimeClass: which handler of the runtime runs a pod, and what that costs. */
import type { ObjectMeta, ResourceList, Toleration } from "./types.ts";

export interface RuntimeClass {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** Without a namespace: classes are the node's. */
  readonly metadata?: ObjectMeta;
  /** Name of the handler in the runtime's configuration. */
  readonly handler: string;
  readonly overhead?: { readonly podFixed?: ResourceList };
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
  };
}
