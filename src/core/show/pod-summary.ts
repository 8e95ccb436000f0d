/**
 * The line that `kubectl get pods` prints of a pod. Source: kubernetes pkg/printers/internalversion/printers.go printPod.
 */
import { parseTime } from "../api/time.ts";
import type { ContainerStatus, Pod } from "../api/types.ts";
import { isSidecar } from "../pod/restart-policy.ts";

export interface PodSummary {
  /** "Running", "Init:0/1", "CrashLoopBackOff", "Completed", "Terminating" ... */
  readonly status: string;
  /** Sidecars are counted as containers. */
  readonly readyContainers: number;
  readonly containers: number;
  readonly restarts: number;
  /** When the last container that restarted had ended, ms since 1970; absent: none restarted. */
  readonly lastRestartAtMs?: number;
}

/** Of a pod that has a deletion timestamp the status is "Terminating", whatever its containers do. */
export function podSummary(pod: Pod): PodSummary {
  const containers = (pod.spec?.containers?.length ?? 0) + sidecarNames(pod).size;
  const base = pod.status?.reason || pod.status?.phase || "Unknown";
  const init = initSummary(pod);
  const initialized = init.status === undefined || hasTrueCondition(pod, "Initialized");
  const main = initialized ? mainSummary(pod, init.status ?? base) : { ...init, status: init.status ?? base };
  const status = pod.metadata?.deletionTimestamp === undefined ? main.status : deletedStatus(pod);
  return {
    status,
    readyContainers: main.ready,
    containers,
    restarts: main.restarts,
    ...(main.restarts > 0 && Number.isFinite(main.lastEndMs) && { lastRestartAtMs: main.lastEndMs }),
  };
}

interface Part {
  readonly restarts: number;
  readonly lastEndMs: number;
}

function sidecarNames(pod: Pod): ReadonlySet<string> {
  return new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
}

/** `status` absent: every init container is done, and every sidecar has started. */
function initSummary(pod: Pod): Part & { readonly status?: string; readonly ready: number } {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const sidecars = sidecarNames(pod);
  const hasStarted = ({ name, started }: ContainerStatus) => sidecars.has(name) && started === true;
  const current = statuses.findIndex((each) => each.state?.terminated?.exitCode !== 0 && !hasStarted(each));
  const seen = current < 0 ? statuses : statuses.slice(0, current + 1);
  const ready = seen.filter((each) => hasStarted(each) && each.ready).length;
  const part = { restarts: sumOfRestarts(seen), lastEndMs: lastEnd(seen), ready };
  const container = statuses[current];
  return container === undefined ? part : { ...part, status: `Init:${initReason(pod, container, current)}` };
}

function initReason(pod: Pod, { state }: ContainerStatus, index: number): string {
  const { terminated, waiting } = state ?? {};
  if (terminated != null) return terminated.reason || exitReason(terminated);
  if (waiting?.reason && waiting.reason !== "PodInitializing") return waiting.reason;
  return `${index}/${pod.spec?.initContainers?.length ?? 0}`;
}

/** The first container that has something to tell gives the status; restarts are those of sidecars, too. */
function mainSummary(pod: Pod, base: string): Part & { readonly status: string; readonly ready: number } {
  const statuses = pod.status?.containerStatuses ?? [];
  const names = sidecarNames(pod);
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter(({ name }) => names.has(name));
  const reasons = statuses.map(containerReason).filter((reason) => reason !== undefined);
  const ready = statuses.filter(isReadyAndRunning).length;
  const first = reasons[0] ?? base;
  const isMixed = first === "Completed" && ready > 0;
  const status = isMixed ? (hasTrueCondition(pod, "Ready") ? "Running" : "NotReady") : first;
  const readySidecars = sidecars.filter((each) => each.started === true && each.ready).length;
  const all = [...sidecars, ...statuses];
  return { status, ready: ready + readySidecars, restarts: sumOfRestarts(all), lastEndMs: lastEnd(all) };
}

function containerReason({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  if (state?.terminated == null) return undefined;
  return state.terminated.reason || exitReason(state.terminated);
}

function isReadyAndRunning(status: ContainerStatus): boolean {
  return containerReason(status) === undefined && status.ready && status.state?.running != null;
}

function exitReason({ signal, exitCode }: { readonly signal?: number; readonly exitCode: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function deletedStatus(pod: Pod): string {
  return pod.status?.reason === "NodeLost" ? "Unknown" : "Terminating";
}

function hasTrueCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

function sumOfRestarts(statuses: readonly ContainerStatus[]): number {
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function lastEnd(statuses: readonly ContainerStatus[]): number {
  const ends = statuses.map(({ lastState }) => parseTime(lastState?.terminated?.finishedAt));
  return Math.max(Number.NEGATIVE_INFINITY, ...ends.filter((end) => end !== undefined));
}
