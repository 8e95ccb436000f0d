/** The labels that the agent gives its node. Source: kubelet kubelet_node_status.go initialNode. */

export const HOSTNAME_LABEL = "kubernetes.io/hostname";
export const OS_LABEL = "kubernetes.io/os";
export const ARCH_LABEL = "kubernetes.io/arch";

export interface NodeIdentity {
  readonly hostname: string;
  /** As Go names it ("amd64"). */
  readonly architecture: string;
}

/** Labels of the node: those that were asked for win over its own. */
export function nodeLabels(
  { hostname, architecture }: NodeIdentity,
  asked: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { [HOSTNAME_LABEL]: hostname, [OS_LABEL]: "linux", [ARCH_LABEL]: architecture, ...asked };
}
