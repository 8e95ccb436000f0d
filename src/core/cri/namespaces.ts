/** Linux namespaces of a pod: kubelet kuberuntime/util NamespacesForPod, generateLinuxContainerConfig. */
import type { Pod } from "../api/types.ts";
import type { NamespaceMode, NamespaceOption, UserNamespace } from "./types.ts";

/** `targetContainerId` is joined only where each container has a process namespace of its own. */
export function podNamespaces(pod: Pod, targetContainerId = "", userNamespace?: UserNamespace): NamespaceOption {
  const pid = pidMode(pod);
  const joins = targetContainerId !== "" && pid === "CONTAINER";
  return {
    network: pod.spec?.hostNetwork === true ? "NODE" : "POD",
    ipc: pod.spec?.hostIPC === true ? "NODE" : "POD",
    pid: joins ? "TARGET" : pid,
    ...(joins && { targetId: targetContainerId }),
    ...(userNamespace !== undefined && { usernsOptions: userNamespace }),
  };
}

function pidMode(pod: Pod): NamespaceMode {
  if (pod.spec?.hostPID === true) return "NODE";
  return pod.spec?.shareProcessNamespace === true ? "POD" : "CONTAINER";
}
