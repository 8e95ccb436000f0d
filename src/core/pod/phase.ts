import type { Container, ContainerStatus, PodPhase, PodSpec } from "../api/types.ts";
import { canRestart, isSidecar, restartsAfter } from "./restart-policy.ts";

interface InitTally {
  readonly pending: number;
  /** Failed, and not started again. */
  readonly failed: number;
}

interface SidecarTally {
  /** Not started up yet. */
  readonly pending: number;
  readonly unknown: number;
  readonly running: number;
  readonly waiting: number;
}

interface MainTally extends Omit<SidecarTally, "pending"> {
  readonly stopped: number;
  /** Of the stopped ones: those that are not started again. */
  readonly over: number;
  readonly succeeded: number;
}

interface ContainerAndStatus {
  readonly container: Container;
  readonly status: ContainerStatus | undefined;
}

/**
 * Phase of a pod from its spec and the statuses of its regular and init containers in one list (by name, order means
 * nothing; `started` counts for sidecars). A container without a status is unknown: the pod stays Pending unless an init
 * failure decides. A waiting container that ran before counts as stopped; a sidecar that has ended does not count. An
 * absent restartPolicy is neither Always nor Never.
 * Source: kubelet kubelet_pods.go getPhase (1.26; sidecars of 1.29, restart rules of 1.34).
 */
export function podPhase(spec: PodSpec, statuses: readonly ContainerStatus[]): PodPhase {
  const byName = new Map<string, ContainerStatus>();
  for (const status of statuses) if (!byName.has(status.name)) byName.set(status.name, status);
  const paired = (containers: readonly Container[]) =>
    containers.map((container): ContainerAndStatus => ({ container, status: byName.get(container.name) }));
  const initContainers = spec.initContainers ?? [];
  const init = tallyInit(paired(initContainers.filter((container) => !isSidecar(container))), spec);
  const sidecars = tallySidecars(paired(initContainers.filter(isSidecar)));
  const main = tallyMain(paired(spec.containers), spec);

  if (init.failed > 0) return "Failed";
  const isInitializing = sidecars.pending > 0 && !anyMainStarted(spec, byName);
  if (init.pending > 0 || isInitializing || main.waiting + sidecars.waiting > 0) return "Pending";
  if (main.unknown + sidecars.unknown > 0) return "Pending";
  if (main.running + sidecars.running > 0) return "Running";
  if (main.stopped === 0) return "Pending";
  if (main.over < main.stopped) return "Running";
  return main.stopped === main.succeeded ? "Succeeded" : "Failed";
}

function tallyInit(containers: readonly ContainerAndStatus[], spec: PodSpec): InitTally {
  let pending = 0;
  let failed = 0;
  for (const { container, status } of containers) {
    const ended = endedInstance(status);
    if (ended === undefined) pending += 1;
    else if (ended.exitCode !== 0 && !restartsAfter(container, spec, ended.exitCode)) failed += 1;
  }
  return { pending, failed };
}

function tallySidecars(sidecars: readonly ContainerAndStatus[]): SidecarTally {
  const tally = { pending: 0, unknown: 0, running: 0, waiting: 0 };
  for (const { status } of sidecars) {
    const state = status?.state;
    if (state?.running !== undefined) {
      tally.running += 1;
      if (status?.started !== true) tally.pending += 1;
    } else if (state?.terminated !== undefined) continue;
    else if (state?.waiting === undefined) tally.unknown += 1;
    else if (status?.lastState?.terminated === undefined) {
      tally.pending += 1;
      tally.waiting += 1;
    }
  }
  return tally;
}

/** The pod was initialized before, so sidecars that start again take it back to nothing. */
function anyMainStarted(spec: PodSpec, byName: ReadonlyMap<string, ContainerStatus>): boolean {
  return spec.containers.some(({ name }) => hasStarted(byName.get(name)));
}

/** It runs or has ended. Source: kubelet container/helpers.go HasAnyRegularContainerStarted. */
export function hasStarted(status: Pick<ContainerStatus, "state"> | undefined): boolean {
  return status?.state?.running !== undefined || status?.state?.terminated !== undefined;
}

/** The exit that counts for an init container: its own, or the one before the current wait. */
function endedInstance(status: ContainerStatus | undefined): { readonly exitCode: number } | undefined {
  const state = status?.state;
  if (state?.running !== undefined) return undefined;
  if (state?.terminated !== undefined) return state.terminated;
  return state?.waiting !== undefined ? status?.lastState?.terminated : undefined;
}

function tallyMain(containers: readonly ContainerAndStatus[], spec: PodSpec): MainTally {
  const tally = { unknown: 0, running: 0, waiting: 0, stopped: 0, over: 0, succeeded: 0 };
  for (const { container, status } of containers) {
    const state = status?.state;
    const last = status?.lastState?.terminated;
    if (state?.running !== undefined) tally.running += 1;
    else if (state?.terminated !== undefined) {
      const { exitCode } = state.terminated;
      tally.stopped += 1;
      if (!restartsAfter(container, spec, exitCode)) tally.over += 1;
      if (exitCode === 0) tally.succeeded += 1;
    } else if (state?.waiting === undefined) tally.unknown += 1;
    else if (last !== undefined) {
      tally.stopped += 1;
      if (!waitsToRestart(container, spec, last.exitCode)) tally.over += 1;
    } else tally.waiting += 1;
  }
  return tally;
}

/** One that waits after an end is taken to be waiting for its next start where it may have one at all. */
function waitsToRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy === undefined) return canRestart(container, spec);
  return restartsAfter(container, spec, exitCode);
}

/** Succeeded and Failed are final: a pod never leaves them. */
export function isTerminalPhase(phase: string | undefined): phase is "Succeeded" | "Failed" {
  return phase === "Succeeded" || phase === "Failed";
}
