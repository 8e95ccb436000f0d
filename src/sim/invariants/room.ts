/** Nobody is let in beyond what the node has. */
import { type PodDemand, podDemand } from "../../core/admission/index.ts";
import type { Pod } from "../../core/api/types.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import { SIM_MACHINE } from "../node/sim-machine.ts";
import { type Invariant, podUidOf, type Scene } from "./invariant.ts";

const CAPACITY: ReadonlyMap<string, number> = new Map([
  ["cpu", SIM_MACHINE.cpuCores * 1000],
  ["memory", SIM_MACHINE.memoryBytes],
]);

/**
 * All pods that have something running and that the agent knows ask for no more than there is, each port of the node for
 * one of them. What an agent finds that nobody has told it of is ended; until then it holds room that nobody can count.
 */
export function roomHolds(scene: Scene): Invariant {
  /** Of each pod that was ever started, as it was told then. */
  const demands = new Map<string, PodDemand>();
  return {
    name: "what is let in fits the node",
    onRequest: (request) => {
      if (request.call !== "RunPodSandbox") return undefined;
      const pod = scene.desire.pod(request.uid);
      if (pod !== undefined) demands.set(request.uid, podDemand(pod));
      const uids = new Set([...holdersOf(scene), request.uid]);
      const problem = overfull([...uids].flatMap((uid) => demands.get(uid) ?? []));
      return problem && `a sandbox for ${request.uid}: ${problem}`;
    },
  };
}

/** Why the pod, which is refused, could be let in beside those that are not over; `undefined`: it could not. */
export function roomFor(pod: Pod, shown: readonly Pod[]): string | undefined {
  const uid = pod.metadata?.uid;
  const others = shown.filter(({ metadata, status }) => metadata?.uid !== uid && !isTerminalPhase(status?.phase));
  return overfull([pod, ...others].map(podDemand)) === undefined ? `beside ${others.length} pods` : undefined;
}

function holdersOf({ node, agent }: Scene): readonly string[] {
  const { sandboxes, containers } = node.runtime;
  const ready = [...sandboxes.values()].filter((sandbox) => sandbox.ready).map(({ config }) => config.metadata.uid);
  const running = [...containers.values()].filter(({ state }) => state === "running").map(podUidOf);
  const workers = agent?.workers.state.workers ?? {};
  return [...ready, ...running].filter((uid) => workers[uid]?.runtimeOnly === false);
}

function overfull(demands: readonly PodDemand[]): string | undefined {
  for (const [resource, capacity] of CAPACITY) {
    const sum = demands.reduce((total, { amounts }) => total + (amounts.get(resource) ?? 0), 0);
    if (sum > capacity) return `${sum} of ${resource} are asked for, there are ${capacity}`;
  }
  const ports = demands.flatMap(({ hostPorts }) => hostPorts.map(({ port }) => port));
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  return twice === undefined ? undefined : `port ${twice} is taken twice`;
}
