/** Whether a pod's selector and required affinity choose a node. Source: component-helpers scheduling/corev1/nodeaffinity. */
import { matchesLabels, matchesNode } from "../api/label-selector.ts";
import type { Pod } from "../api/types.ts";
import type { AdmissionNode } from "./node.ts";

/** All of nodeSelector, and the required affinity where there is one. */
export function choosesNode({ spec }: Pod, node: Pick<AdmissionNode, "name" | "labels">): boolean {
  const { nodeSelector = {}, affinity } = spec ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return matchesLabels({ matchLabels: nodeSelector }, node.labels) && (!required || matchesNode(required, node));
}
