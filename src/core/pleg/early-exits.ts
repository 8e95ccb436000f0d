/**
 * Ends of containers that the runtime's events told before its status does. An exit cannot be taken back, so such a
 * container counts as exited from then on, and its replacement need not wait for the runtime's bookkeeping.
 */
import type { RuntimeContainerStatus, RuntimePodStatus } from "../pod/runtime-status.ts";

export interface EarlyExit {
  readonly code: number;
  /** Milliseconds since 1970. */
  readonly finishedAtMs: number;
  /** Monotonic; a runtime that says "running" long after is believed again. */
  readonly toldAtMs: number;
}

/** By container id. */
export type EarlyExits = ReadonlyMap<string, EarlyExit>;

/** A status that contradicts an exit for so long is no lag any more. */
export const EARLY_EXIT_LIMIT_MS = 10_000;

/** The observed status with the early exits in it; the same object when none applies. */
export function withEarlyExits(
  observed: RuntimePodStatus | undefined,
  exits: EarlyExits,
): RuntimePodStatus | undefined {
  if (observed === undefined || exits.size === 0) return observed;
  if (!observed.containerStatuses.some((status) => applies(status, exits))) return observed;
  return { ...observed, containerStatuses: observed.containerStatuses.map((status) => withExit(status, exits)) };
}

/** The exits that the observed status does not show yet; the others have done their work. */
export function pendingExits(observed: RuntimePodStatus | undefined, exits: EarlyExits, nowMs: number): EarlyExits {
  const running = new Set(observed?.containerStatuses.filter(isRunning).map(({ id }) => id));
  return new Map([...exits].filter(([id, exit]) => running.has(id) && nowMs - exit.toldAtMs < EARLY_EXIT_LIMIT_MS));
}

/** Ids of ended containers of which the runtime now tells more, or something else, than the event did. */
export function correctedExits(
  before: RuntimePodStatus | undefined,
  after: RuntimePodStatus | undefined,
): readonly string[] {
  const known = new Map(before?.containerStatuses.map((status) => [status.id, status]));
  const corrected = (after?.containerStatuses ?? []).filter((status) => {
    const old = known.get(status.id);
    if (old === undefined || old.state !== status.state) return false;
    return old.exitCode !== status.exitCode || old.reason !== status.reason || old.message !== status.message;
  });
  return corrected.map(({ id }) => id);
}

function applies(status: RuntimeContainerStatus, exits: EarlyExits): boolean {
  return isRunning(status) && exits.has(status.id);
}

function isRunning({ state }: RuntimeContainerStatus): boolean {
  return state === "CONTAINER_RUNNING";
}

/** Reasons as the runtime gives them; one that it knows better (OOMKilled) comes with its own status. */
function withExit(status: RuntimeContainerStatus, exits: EarlyExits): RuntimeContainerStatus {
  const exit = exits.get(status.id);
  if (exit === undefined || !isRunning(status)) return status;
  const { code, finishedAtMs } = exit;
  return {
    ...status,
    state: "CONTAINER_EXITED",
    exitCode: code,
    finishedAtMs: Math.max(finishedAtMs, status.startedAtMs),
    reason: code === 0 ? "Completed" : "Error",
  };
}
