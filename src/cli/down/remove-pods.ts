/** Ends pods directly at the runtime, without an agent: containers with their grace, then sandboxes. */
import { containerInfoFromLabels, isManagedByKubelet } from "../../core/cri/labels.ts";
import type { CriContainer, PodSandbox } from "../../core/cri/types.ts";
import type { Clock } from "../../ports/clock.ts";
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

/** A shim that goes down while it is asked answers with an error, and the next time as it should. */
const ROUNDS = 4;
const PAUSE_MS = 500;

/** Rejects with RuntimeError where something cannot be removed, tried again and again. */
export async function removePods(
  runtime: RuntimeService,
  clock: Pick<Clock, "sleep">,
  options: RemovePodsOptions,
): Promise<readonly RemovedPod[]> {
  const pods = new Map<string, RemovedPod>();
  for (let round = 1; ; round += 1) {
    const { sandboxes, containers } = await listOurs(runtime, options);
    for (const { labels } of [...sandboxes, ...containers]) {
      const { podUid, podNamespace, podName } = containerInfoFromLabels(labels, {});
      pods.set(podUid, { uid: podUid, name: `${podNamespace}/${podName}` });
    }
    const ended = await Promise.allSettled(containers.map((each) => endContainer(runtime, each, options.graceSeconds)));
    const removed = await Promise.allSettled(sandboxes.map((each) => endSandbox(runtime, each)));
    const failure = [...ended, ...removed].find((result) => result.status === "rejected");
    if (failure === undefined) return [...pods.values()].toSorted((one, two) => (one.name < two.name ? -1 : 1));
    if (round === ROUNDS) throw failure.reason;
    await clock.sleep(PAUSE_MS);
  }
}

async function listOurs(runtime: RuntimeService, { uids }: RemovePodsOptions) {
  const isOurs = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
    isManagedByKubelet(labels) && (uids === "all" || uids.has(containerInfoFromLabels(labels, {}).podUid));
  const [sandboxes, containers] = await Promise.all([runtime.listPodSandbox(), runtime.listContainers()]);
  return { sandboxes: sandboxes.filter(isOurs), containers: containers.filter(isOurs) };
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
