/**
 * Joins a freshly generated pod status with the stored one: transition times of conditions and the start time.
 * Source: kubelet status_manager.go updateStatusInternal, updateLastTransitionTime.
 */

import { formatTime } from "../api/time.ts";
import type { ContainerState, ContainerStatus, PodCondition, PodStatus } from "../api/types.ts";
import { isTerminalPhase } from "./phase.ts";
import { withinMessageLimit } from "./status-messages.ts";

/**
 * A pod that has ended keeps the addresses that it had, as in the kubelet, whose pod cache remembers them.
 * Differs: it does so over a restart of the agent, too; and the last words of an ended container outlive the file that
 * they stood in. Here the pod's directory goes when the pod has ended, in the kubelet it stays until the pod is deleted.
 */
export function mergePodStatus(stored: PodStatus | undefined, next: PodStatus, nowMs: number): PodStatus {
  const now = formatTime(nowMs);
  const conditions = next.conditions?.map((condition) => withTransitionTime(condition, stored, now));
  return withinMessageLimit({
    ...next,
    startTime: stored?.startTime ?? next.startTime ?? now,
    ...(conditions === undefined ? {} : { conditions }),
    ...withAddresses(next, stored),
    ...withLastWords(next, stored),
  });
}

function withAddresses(next: PodStatus, stored: PodStatus | undefined): Pick<PodStatus, "podIP" | "podIPs"> {
  if (!isTerminalPhase(next.phase) || next.podIP !== undefined || stored?.podIP === undefined) return {};
  return { podIP: stored.podIP, ...(stored.podIPs !== undefined && { podIPs: stored.podIPs }) };
}

const CONTAINER_LISTS = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;

/** The lists of `next` that gain a message which `stored` has for the same instance. */
function withLastWords(next: PodStatus, stored: PodStatus | undefined): Partial<PodStatus> {
  if (stored === undefined) return {};
  const words = lastWords(stored);
  if (words.size === 0) return {};
  const lists = CONTAINER_LISTS.flatMap((list) => {
    const statuses = next[list];
    return statuses === undefined ? [] : [[list, statuses.map((status) => speaking(status, words))] as const];
  });
  return Object.fromEntries(lists);
}

/** Messages of ended instances by container id. */
function lastWords(stored: PodStatus): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const list of CONTAINER_LISTS) {
    for (const { state, lastState } of stored[list] ?? []) {
      for (const ended of [state?.terminated, lastState?.terminated]) {
        if (ended?.containerID !== undefined && ended.message) words.set(ended.containerID, ended.message);
      }
    }
  }
  return words;
}

function speaking(status: ContainerStatus, words: ReadonlyMap<string, string>): ContainerStatus {
  const state = speakingState(status.state, words);
  const lastState = speakingState(status.lastState, words);
  if (state === status.state && lastState === status.lastState) return status;
  return { ...status, ...(state !== undefined && { state }), ...(lastState !== undefined && { lastState }) };
}

function speakingState(
  state: ContainerState | undefined,
  words: ReadonlyMap<string, string>,
): ContainerState | undefined {
  const ended = state?.terminated;
  if (ended === undefined || ended.message) return state;
  const message = words.get(ended.containerID ?? "");
  return message === undefined ? state : { ...state, terminated: { ...ended, message } };
}

/** The time of the last change of the condition's status; a condition that was not there changes now. */
function withTransitionTime(condition: PodCondition, stored: PodStatus | undefined, now: string): PodCondition {
  const before = stored?.conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now;
  return { ...condition, lastTransitionTime };
}
