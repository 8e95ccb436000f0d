/** Ends pods directly at the runtime, without an agent: containers with their grace, then sandboxes. */
import { containerInfoFromLabels, isManagedByKubelet } from "../../core/cri/labels.ts";
import type { CriContainer, PodSandbox } from "../../core/cri/types.ts";
import type { RuntimeService } from "../../ports/runtime.ts";

export interface RemovePodsOptions {
  /** Whose pods: all of the runtime (it is the agent's own), or those with one of these UIDs. */
  readonly uids: ReadonlySet<string> | "all";
  /** Instead of each pod's own. */
  readonly graceSeconds?: number;
}

export interface RemovedPod {
  readonly uid: string;
  /** "namespace/name". */
  readonly name: string;
}

const DEFAULT_GRACE_SECONDS = 30;

/** Rejects with RuntimeError where something cannot be removed. */
export async function removePods(runtime: RuntimeService, options: RemovePodsOptions): Promise<readonly RemovedPod[]> {
  const isOurs = (labels: Readonly<Record<string, string>>) =>
    isManagedByKubelet(labels) &&
    (options.uids === "all" || options.uids.has(containerInfoFromLabels(labels, {}).podUid));
  const sandboxes = (await runtime.listPodSandbox()).filter(({ labels }) => isOurs(labels));
  const containers = (await runtime.listContainers()).filter(({ labels }) => isOurs(labels));
  await Promise.all(containers.map((container) => endContainer(runtime, container, options.graceSeconds)));
  await Promise.all(sandboxes.map((sandbox) => endSandbox(runtime, sandbox)));
  const pods = new Map<string, RemovedPod>();
  for (const { labels } of [...sandboxes, ...containers]) {
    const { podUid, podNamespace, podName } = containerInfoFromLabels(labels, {});
    pods.set(podUid, { uid: podUid, name: `${podNamespace}/${podName}` });
  }
  return [...pods.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function endContainer(runtime: RuntimeService, container: CriContainer, wanted: number | undefined) {
  const { podTerminationGraceSeconds } = containerInfoFromLabels(container.labels, container.annotations);
  if (container.state === "CONTAINER_RUNNING") {
    await runtime.stopContainer(container.id, wanted ?? podTerminationGraceSeconds ?? DEFAULT_GRACE_SECONDS);
  }
  await runtime.removeContainer(container.id);
}

async function endSandbox(runtime: RuntimeService, { id }: PodSandbox): Promise<void> {
  await runtime.stopPodSandbox(id);
  await runtime.removePodSandbox(id);
}
