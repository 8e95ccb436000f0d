import type { ContainerStatus, PodPhase, PodSpec } from "../api/types.ts";

interface InitTally {
  readonly pending: number;
  readonly failed: number;
}

interface MainTally {
  readonly unknown: number;
  readonly running: number;
  readonly waiting: number;
  readonly stopped: number;
  readonly succeeded: number;
}

/**
 * Phase of a pod from its spec and the statuses of its regular and init containers in one list (by name, order means
 * nothing). A container without a status is unknown: the pod stays Pending unless an init failure decides. A waiting
 * container that ran before counts as stopped. An absent restartPolicy is neither Always nor Never.
 * Source: kubelet kubelet_pods.go getPhase (1.26).
 */
export function podPhase(spec: PodSpec, statuses: readonly ContainerStatus[]): PodPhase {
  const byName = new Map<string, ContainerStatus>();
  for (const status of statuses) if (!byName.has(status.name)) byName.set(status.name, status);
  const init = tallyInit((spec.initContainers ?? []).map((container) => byName.get(container.name)));
  const main = tallyMain(spec.containers.map((container) => byName.get(container.name)));

  if (init.failed > 0 && spec.restartPolicy === "Never") return "Failed";
  if (init.pending > 0 || main.waiting > 0 || main.unknown > 0) return "Pending";
  if (main.running > 0) return "Running";
  if (main.stopped === 0) return "Pending";
  if (spec.restartPolicy === "Always") return "Running";
  if (main.stopped === main.succeeded) return "Succeeded";
  return spec.restartPolicy === "Never" ? "Failed" : "Running";
}

function tallyInit(statuses: readonly (ContainerStatus | undefined)[]): InitTally {
  let pending = 0;
  let failed = 0;
  for (const status of statuses) {
    const ended = endedInstance(status);
    if (ended === undefined) pending += 1;
    else if (ended.exitCode !== 0) failed += 1;
  }
  return { pending, failed };
}

/** The exit that counts for an init container: its own, or the one before the current wait. */
function endedInstance(status: ContainerStatus | undefined): { readonly exitCode: number } | undefined {
  const state = status?.state;
  if (state?.running !== undefined) return undefined;
  if (state?.terminated !== undefined) return state.terminated;
  return state?.waiting !== undefined ? status?.lastState?.terminated : undefined;
}

function tallyMain(statuses: readonly (ContainerStatus | undefined)[]): MainTally {
  const tally = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0 };
  for (const status of statuses) {
    const state = status?.state;
    if (state?.running !== undefined) tally.running += 1;
    else if (state?.terminated !== undefined) {
      tally.stopped += 1;
      if (state.terminated.exitCode === 0) tally.succeeded += 1;
    } else if (state?.waiting === undefined) tally.unknown += 1;
    else if (status?.lastState?.terminated !== undefined) tally.stopped += 1;
    else tally.waiting += 1;
  }
  return tally;
}

/** Succeeded and Failed are final: a pod never leaves them. */
export function isTerminalPhase(phase: string | undefined): phase is "Succeeded" | "Failed" {
  return phase === "Succeeded" || phase === "Failed";
}
