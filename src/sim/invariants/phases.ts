/** What the agent tells of a pod makes sense from one status to the next. */
import { isOutOfRoom } from "../../core/admission/index.ts";
import type { PodStatus } from "../../core/api/types.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import { type Invariant, podUidOf, type Scene } from "./invariant.ts";

/** An agent that was left records which are behind does not know the last phase: that of before is no standard for it. */
export function phasesAreLegal(scene: Scene): Invariant {
  const { desire, node } = scene;
  const last = new Map<string, PodStatus & { readonly shownAtMs: number }>();
  return {
    name: "phases change legally",
    onStatus: (uid, status) => {
      const key = `${uid}/${desire.generation(uid)}`;
      const before = last.get(key);
      last.set(key, { ...status, shownAtMs: node.time.monotonicMs });
      if (before === undefined || before.shownAtMs < scene.recordsBehindAtMs) return undefined;
      const [from, to] = [before.phase ?? "", status.phase ?? ""];
      const isBack = (before.reason === "Evicted" || isOutOfRoom(before)) && to === "Pending";
      if (isTerminalPhase(from) && to !== from && !isBack) return `pod ${uid} went from ${from} to ${to}`;
      return undefined;
    },
  };
}

/**
 * The restart counts that the API shows never go down as long as the runtime has more than one instance to count from.
 * Not judged for a pod that went and came back under its old UID:
 * an agent that had no room to forget the old status goes on from it.
 */
export function shownRestartCountGrows(scene: Scene): Invariant {
  const { desire, node } = scene;
  const highest = new Map<string, number>();
  const instances = (uid: string, name: string) =>
    [...node.runtime.containers.values()].filter(
      (each) => podUidOf(each) === uid && each.config.metadata.name === name,
    );
  return {
    name: "shown restart counts only grow",
    onStatus: (uid, { containerStatuses = [] }) => {
      if (desire.generation(uid) > 1 || scene.evictions(uid) > 0) return undefined;
      for (const { name, restartCount, state, lastState } of containerStatuses) {
        // The kubelet counts an end that nobody saw, and takes it back when the container is found.
        if ([state, lastState].some((each) => each?.terminated?.reason === "ContainerStatusUnknown")) continue;
        const key = `${uid}/${name}`;
        const before = highest.get(key) ?? 0;
        // One that was made and never started may go again, and its number with it.
        if (state?.waiting !== undefined && restartCount > before) continue;
        const begunAnew = restartCount < before && instances(uid, name).length <= 1;
        if (restartCount < before && !begunAnew) return `${key} shows ${restartCount} restarts after ${before}`;
        highest.set(key, restartCount);
      }
      return undefined;
    },
  };
}
