/**
 * What initialization asks for: the next init container, and sidecars (init containers with restartPolicy Always) that
 * are kept running from their turn on. Source: kubelet kuberuntime_container.go findNextInitContainerToRun (1.26) for
 * regular init containers, computeInitContainerActions (1.29) for sidecars.
 */
import type { Container, PodSpec } from "../api/types.ts";
import type { ContainerToKill } from "./actions.ts";
import { newestContainerStatus } from "./actions-restart.ts";
import { isSidecar, restartsAfter } from "./restart-policy.ts";
import type { ProbeResult, RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

export interface InitInput {
  readonly podStatus: Pick<RuntimePodStatus, "containerStatuses">;
  /** Last results by container id. */
  readonly liveness: ReadonlyMap<string, ProbeResult>;
  readonly startup: ReadonlyMap<string, ProbeResult>;
  readonly hashOf: (container: Container) => string;
}

export interface InitActions {
  /** Initialization is over: the regular containers may run. */
  readonly done: boolean;
  /** An init container failed that is not started again: the pod is over. */
  readonly failed: boolean;
  /** In spec order: at most one that has not had its turn, and sidecars that had. */
  readonly start: readonly Container[];
  readonly kill: readonly ContainerToKill[];
}

interface InitContainer {
  readonly container: Container;
  readonly index: number;
  readonly status: RuntimeContainerStatus | undefined;
}

/**
 * A running main container proves that initialization is over, also where the instances of the init containers are gone.
 * Differs: where sidecars are, so do main containers that have all ended for good; the kubelet first starts a sidecar
 * again that crashed, however long its back-off is, only to end it.
 * Else the last one in order counts that was made: a failed one is next again; an instance that is merely created does
 * not count, but for a sidecar's, which is started again.
 */
export function initActions(spec: PodSpec, input: InitInput): InitActions {
  const all = (spec.initContainers ?? []).map(
    (container, index): InitContainer => ({
      container,
      index,
      status: newestContainerStatus(input.podStatus, container.name),
    }),
  );
  const turn = currentTurn(spec, all, input);
  if (turn === "failed") return { done: false, failed: true, start: [], kill: [] };
  const kept = all.slice(0, turn.index).filter(({ container }) => isSidecar(container));
  const repairs = kept.map((sidecar) => sidecarRepair(sidecar, input));
  return {
    done: turn.index === all.length,
    failed: false,
    start: [...repairs.flatMap(({ start }) => start), ...turn.start],
    kill: [...repairs.flatMap(({ kill }) => kill), ...turn.kill],
  };
}

interface Turn extends Pick<InitActions, "start" | "kill"> {
  /** Of the init container whose turn it is; all before it are done. */
  readonly index: number;
}

function currentTurn(spec: PodSpec, all: readonly InitContainer[], input: InitInput): Turn | "failed" {
  if (all.length === 0 || anyMainRuns(spec, input) || needsNoSidecars(spec, all, input))
    return { index: all.length, start: [], kill: [] };
  const backwards = all.toReversed();
  const failed = backwards.find(({ container, status }) => !isSidecar(container) && isFailedInit(status));
  if (failed?.status !== undefined) {
    const { container, index, status } = failed;
    if (!restartsAfter(container, spec, status.exitCode || LOST_EXIT_CODE)) return "failed";
    return { index, start: [container], kill: unknownToKill(status, "Init container") };
  }
  for (const each of backwards) {
    const turn = isSidecar(each.container) ? turnAfterSidecar(each, all, input) : turnAfterRegular(each, all);
    if (turn !== undefined) return turn;
  }
  return turnAt(0, all);
}

/** `undefined`: it was not made. */
function turnAfterRegular({ index, status }: InitContainer, all: readonly InitContainer[]): Turn | undefined {
  if (status?.state === "CONTAINER_RUNNING") return { index, start: [], kill: [] };
  return status?.state === "CONTAINER_EXITED" ? turnAt(index + 1, all) : undefined;
}

/** One that has started up hands the turn on; one that has not keeps it. */
function turnAfterSidecar(sidecar: InitContainer, all: readonly InitContainer[], input: InitInput): Turn | undefined {
  const { index, status, container } = sidecar;
  if (status === undefined) return undefined;
  if (status.state === "CONTAINER_RUNNING") {
    const isStarted = container.startupProbe === undefined || input.startup.get(status.id) === "Success";
    if (isStarted) return turnAt(index + 1, all);
  }
  return { index, ...sidecarRepair(sidecar, input) };
}

function turnAt(index: number, all: readonly InitContainer[]): Turn {
  const next = all[index];
  return { index, start: next === undefined ? [] : [next.container], kill: [] };
}

function anyMainRuns(spec: PodSpec, { podStatus }: InitInput): boolean {
  return spec.containers.some(({ name }) => newestContainerStatus(podStatus, name)?.state === "CONTAINER_RUNNING");
}

function needsNoSidecars(spec: PodSpec, all: readonly InitContainer[], { podStatus }: InitInput): boolean {
  if (!all.some(({ container }) => isSidecar(container))) return false;
  return spec.containers.every((container) => {
    const status = newestContainerStatus(podStatus, container.name);
    return status?.state === "CONTAINER_EXITED" && !restartsAfter(container, spec, status.exitCode);
  });
}

/** What keeps a sidecar running that has had its turn. */
function sidecarRepair({ container, status }: InitContainer, input: InitInput): Pick<InitActions, "start" | "kill"> {
  if (status?.state !== "CONTAINER_RUNNING") {
    return { start: [container], kill: status === undefined ? [] : unknownToKill(status, "Init container") };
  }
  const { id, name } = status;
  const anew = (what: string, reason: ContainerToKill["reason"]) => ({
    start: [container],
    kill: [{ id, name, message: `Init container ${name} ${what}`, reason }],
  });
  if (input.startup.get(id) === "Failure") return anew("failed startup probe", "StartupProbe");
  if (input.hashOf(container) !== status.hash) return anew("definition changed", "");
  if (input.liveness.get(id) === "Failure") return anew("failed liveness probe", "LivenessProbe");
  return { start: [], kill: [] };
}

/** It may be running: killing it first keeps two instances of one container from running side by side. */
export function unknownToKill(
  { id, name, state }: RuntimeContainerStatus,
  what: "Container" | "Init container",
): readonly ContainerToKill[] {
  if (state !== "CONTAINER_UNKNOWN") return [];
  return [{ id, name, message: `${what} is in "unknown" state, try killing it before restart`, reason: "Unknown" }];
}

/**
 * Ids of init container instances to remove before anything starts: all of them where the pod gets a new sandbox (they
 * ran in another one, and would make initialization look done), else the ended ones but the newest of each name.
 * Source: kubelet kuberuntime_container.go purgeInitContainers, pruneInitContainersBeforeStart.
 */
export function initContainersToRemove(
  spec: PodSpec,
  podStatus: Pick<RuntimePodStatus, "containerStatuses">,
  newSandbox: boolean,
): readonly string[] {
  return (spec.initContainers ?? []).flatMap(({ name }) => {
    const instances = podStatus.containerStatuses.filter((status) => status.name === name);
    const ended = instances.filter(({ state }) => state === "CONTAINER_EXITED" || state === "CONTAINER_UNKNOWN");
    return (newSandbox ? instances : ended.slice(1)).map(({ id }) => id);
  });
}

/** Of an instance that failed without an exit code that says so. */
const LOST_EXIT_CODE = 137;

/** An OOM-killed process fails the container even where its exit code is 0. */
function isFailedInit(status: RuntimeContainerStatus | undefined): boolean {
  if (status === undefined) return false;
  if (status.reason === "OOMKilled" || status.state === "CONTAINER_UNKNOWN") return true;
  return status.state === "CONTAINER_EXITED" && status.exitCode !== 0;
}
