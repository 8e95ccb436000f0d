/** What the agent tells of a pod makes sense from one status to the next. */
import type { PodStatus } from "../../core/api/types.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import type { Invariant } from "./invariant.ts";

export function phasesAreLegal(): Invariant {
  const last = new Map<string, PodStatus>();
  return {
    name: "phases change legally",
    onStatus: (uid, status) => {
      const before = last.get(uid);
      last.set(uid, status);
      if (before === undefined) return undefined;
      const [from, to] = [before.phase ?? "", status.phase ?? ""];
      if (isTerminalPhase(from) && to !== from) return `pod ${uid} went from ${from} to ${to}`;
      return undefined;
    },
  };
}

/** The restart counts that the API shows never go down. */
export function shownRestartCountGrows(): Invariant {
  const highest = new Map<string, number>();
  return {
    name: "shown restart counts only grow",
    onStatus: (uid, { containerStatuses = [] }) => {
      for (const { name, restartCount } of containerStatuses) {
        const key = `${uid}/${name}`;
        const before = highest.get(key) ?? 0;
        if (restartCount < before) return `${key} shows ${restartCount} restarts after ${before}`;
        highest.set(key, restartCount);
      }
      return undefined;
    },
  };
}
