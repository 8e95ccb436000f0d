/**
 * Containers that ended because the kernel killed a process in them, where the runtime does not know it: it watches for
 * the lack of memory by another way than for the end, and of a child process it may hear too late or not at all.
 */
import type { RuntimeContainerStatus, RuntimePodStatus } from "../pod/runtime-status.ts";

export const OOM_KILLED = "OOMKilled";

/** By container id: when a process in it was killed last, milliseconds since 1970. */
export type OomKillTimes = ReadonlyMap<string, number>;

/** A parent that cannot go on without its child ends in the same moment. */
const SAME_MOMENT_MS = 1_000;

/** The status with the reason OOMKilled where it belongs; the same object when nothing changes. */
export function withOomKills(status: RuntimePodStatus | undefined, kills: OomKillTimes): RuntimePodStatus | undefined {
  if (status === undefined || !status.containerStatuses.some((each) => endedByOom(each, kills.get(each.id))))
    return status;
  const containerStatuses = status.containerStatuses.map((each) =>
    endedByOom(each, kills.get(each.id)) ? { ...each, reason: OOM_KILLED } : each,
  );
  return { ...status, containerStatuses };
}

/**
 * Whether a kill at `killedAtMs` explains the end of the container: it failed, nobody gave a better reason, and it ended
 * within a second of the kill. Differs: the kubelet has the runtime's word alone.
 */
export function endedByOom(status: RuntimeContainerStatus, killedAtMs: number | undefined): boolean {
  const { state, exitCode, reason, finishedAtMs } = status;
  if (killedAtMs === undefined || state !== "CONTAINER_EXITED" || exitCode === 0) return false;
  if (reason !== "" && reason !== "Error") return false;
  return Math.abs(finishedAtMs - killedAtMs) <= SAME_MOMENT_MS;
}
