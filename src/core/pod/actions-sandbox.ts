import type { Pod } from "../api/types.ts";
import type { RuntimePodStatus } from "./runtime-status.ts";

/** `sandboxId`: the sandbox to keep or to replace, "" when there is none to speak of; `attempt`: of the sandbox to have. */
export interface SandboxChange {
  readonly changed: boolean;
  readonly attempt: number;
  readonly sandboxId: string;
}

/**
 * Does the pod need a new sandbox? Only the newest one counts, and it must be the only ready one, in the network
 * namespace that the spec wants, and have an address (unless the runtime reports no network at all).
 * Source: kubelet kuberuntime/util PodSandboxChanged.
 */
export function sandboxChange(pod: Pod, podStatus: Pick<RuntimePodStatus, "sandboxStatuses">): SandboxChange {
  const [newest] = podStatus.sandboxStatuses;
  if (newest === undefined) return { changed: true, attempt: 0, sandboxId: "" };
  const attempt = newest.metadata.attempt + 1;
  const readyCount = podStatus.sandboxStatuses.filter((sandbox) => sandbox.state === "SANDBOX_READY").length;
  if (readyCount > 1 || newest.state !== "SANDBOX_READY") return { changed: true, attempt, sandboxId: newest.id };

  const hostNetwork = pod.spec?.hostNetwork === true;
  const network = newest.namespaceOptions?.network ?? "POD";
  // The old sandbox is not named here, as in the kubelet: it is another pod network, nothing of it is taken over.
  if (network !== (hostNetwork ? "NODE" : "POD")) return { changed: true, attempt, sandboxId: "" };
  if (!hostNetwork && newest.network?.ip === "") return { changed: true, attempt, sandboxId: newest.id };
  return { changed: false, attempt: newest.metadata.attempt, sandboxId: newest.id };
}
