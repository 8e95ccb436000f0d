/** What really runs on a node, in a shape that can be compared with what is wanted. */
import type { Pod } from "../../src/core/api/types.ts";
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from "../../src/core/cri/labels.ts";
import type { AgentNode } from "./agent-node.ts";
import { cgroupProcesses } from "./processes.ts";

export interface RunningContainer {
  readonly name: string;
  readonly id: string;
  readonly startedAtMs: number;
  readonly attempt: number;
}

/** One pod as the runtime has it. */
export interface RealPod {
  readonly name: string;
  readonly uid: string;
  readonly readySandboxes: readonly string[];
  readonly running: readonly RunningContainer[];
}

/** Every pod of the runtime by name and UID; a pod without any sandbox left is not there. */
export async function observeRealPods({ cri }: AgentNode): Promise<readonly RealPod[]> {
  const [sandboxes, containers] = await Promise.all([cri.runtime.listPodSandbox(), cri.runtime.listContainers()]);
  const running = await Promise.all(
    containers
      .filter(({ state }) => state === "CONTAINER_RUNNING")
      .map(async ({ id, labels, metadata }) => ({
        uid: labels[POD_UID_LABEL] ?? "",
        name: labels[CONTAINER_NAME_LABEL] ?? "",
        id,
        attempt: metadata.attempt,
        startedAtMs: (await cri.runtime.containerStatus(id))?.startedAtMs ?? 0,
      })),
  );
  const pods = [...Map.groupBy(sandboxes, ({ metadata }) => metadata.uid)].map(([uid, ofPod]) => ({
    uid,
    name: ofPod[0]?.metadata.name ?? "",
    readySandboxes: ofPod.filter(({ state }) => state === "SANDBOX_READY").map(({ id }) => id),
    running: running
      .filter((container) => container.uid === uid)
      .map(({ uid: _, ...container }) => container)
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
  return pods.sort((a, b) => (a.name + a.uid < b.name + b.uid ? -1 : 1));
}

/** "name/container" of everything that should run by these pods' specs. */
export function wantedContainers(pods: readonly Pod[]): readonly string[] {
  return pods
    .flatMap(({ metadata, spec }) => (spec?.containers ?? []).map(({ name }) => `${metadata?.name}/${name}`))
    .sort();
}

export function runningContainers(pods: readonly RealPod[]): readonly string[] {
  return pods.flatMap((pod) => pod.running.map(({ name }) => `${pod.name}/${name}`)).sort();
}

/** Processes in the cgroup of each container that the runtime calls running: none may be empty. */
export function livingProcesses(node: AgentNode, pods: readonly RealPod[]): ReadonlyMap<string, readonly number[]> {
  const ids = pods.flatMap(({ running }) => running.map(({ id }) => id));
  return new Map(ids.map((id) => [id, cgroupProcesses(node.cgroupRoot, id)]));
}
