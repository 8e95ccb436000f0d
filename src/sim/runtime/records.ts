import type { CgroupName } from "../../core/cgroup/types.ts";
import type {
  ContainerConfig,
  CriContainer,
  CriContainerState,
  CriContainerStatus,
  LinuxContainerResources,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  StringMap,
} from "../../core/cri/types.ts";
import type { ContainerFilter, PodSandboxFilter } from "../../ports/runtime.ts";
import type { DiskFile } from "../disk/virtual-disk.ts";
import type { Timer } from "../time/virtual-time.ts";
import type { Program } from "./program.ts";

/** A sandbox as it really is. */
export interface SandboxRecord {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly createdAtMs: number;
  readonly handler: string;
  /** "": on the node's network. */
  readonly ip: string;
  ready: boolean;
  readonly cgroup: CgroupName;
  pid: number;
}

/** What the probes of a container find; `sinceMs`: monotonic time of the last change. */
export interface Health {
  readonly isLive: boolean;
  readonly isReady: boolean;
  readonly sinceMs: number;
}

/** A container as it really is; what the runtime tells may come later (`exitShownAtMs`). */
export interface ContainerRecord {
  readonly id: string;
  readonly sandbox: SandboxRecord;
  readonly config: ContainerConfig;
  readonly imageRef: string;
  readonly imageName: string;
  readonly program: Program | undefined;
  readonly createdAtMs: number;
  readonly createdAtMonotonicMs: number;
  state: "created" | "starting" | "running" | "exited";
  startedAtMs: number;
  startedAtMonotonicMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
  /** Monotonic: from then on the runtime tells that it has ended. */
  exitShownAtMs: number;
  /** The runtime has lost sight of it: it may be running. */
  lost: boolean;
  wasLost: boolean;
  /** From SIGKILL to the end, in milliseconds: 0 but for a process that hangs in the kernel. */
  deathMs: number;
  isDying: boolean;
  readonly logPath: string;
  log: DiskFile | undefined;
  pid: number;
  /** What it has written beside its volumes; stays until it is removed. */
  layer: { readonly usedBytes: number; readonly inodesUsed: number };
  health: Health;
  /** A command in it failed or took too long: the agent may hold that against it. */
  hasFailedProbe: boolean;
  readonly timers: Timer[];
  /** Called once when it ends. */
  readonly onExit: (() => void)[];
  /** Limits in force; absent: none were set. */
  resources: LinuxContainerResources | undefined;
}

export function shownState(record: ContainerRecord, monotonicMs: number): CriContainerState {
  if (record.lost) return "CONTAINER_UNKNOWN";
  switch (record.state) {
    case "created":
    case "starting":
      return "CONTAINER_CREATED";
    case "running":
      return "CONTAINER_RUNNING";
    case "exited":
      return monotonicMs < record.exitShownAtMs ? "CONTAINER_RUNNING" : "CONTAINER_EXITED";
  }
}

export function containerRow(record: ContainerRecord, state: CriContainerState): CriContainer {
  const { id, config, sandbox, imageRef, imageName, createdAtMs } = record;
  return {
    id,
    podSandboxId: sandbox.id,
    metadata: config.metadata,
    image: { image: imageName },
    imageRef,
    state,
    createdAtMs,
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
  };
}

export function containerStatusOf(record: ContainerRecord, state: CriContainerState): CriContainerStatus {
  const { id, config, imageRef, imageName, createdAtMs, logPath } = record;
  const ended = state === "CONTAINER_EXITED";
  return {
    id,
    metadata: config.metadata,
    state,
    createdAtMs,
    startedAtMs: record.startedAtMs,
    finishedAtMs: ended ? record.finishedAtMs : 0,
    exitCode: ended ? record.exitCode : 0,
    image: { image: imageName },
    imageRef,
    reason: ended ? record.reason : "",
    message: ended ? record.message : "",
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    mounts: config.mounts ?? [],
    logPath,
    ...(record.resources !== undefined && { resources: record.resources }),
  };
}

export function sandboxRow(record: SandboxRecord): PodSandbox {
  const { id, config, createdAtMs, handler, ready } = record;
  return {
    id,
    metadata: config.metadata,
    state: ready ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
    createdAtMs,
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    runtimeHandler: handler,
  };
}

export function sandboxStatusOf(record: SandboxRecord): PodSandboxStatus {
  const namespaceOptions = record.config.linux?.securityContext?.namespaceOptions;
  return {
    ...sandboxRow(record),
    network: { ip: record.ip, additionalIps: [] },
    ...(namespaceOptions !== undefined && { namespaceOptions }),
  };
}

/** The container as a list tells of it; `undefined`: the filter passes it over. */
export function listedContainer(
  record: ContainerRecord,
  { id, state, podSandboxId, labelSelector }: ContainerFilter,
  monotonicMs: number,
): CriContainer | undefined {
  const isMeant =
    (id === undefined || record.id === id) &&
    (podSandboxId === undefined || record.sandbox.id === podSandboxId) &&
    matchesLabels(record.config.labels, labelSelector);
  if (!isMeant) return undefined;
  const shown = shownState(record, monotonicMs);
  return state === undefined || shown === state ? containerRow(record, shown) : undefined;
}

export function listedSandbox(
  record: SandboxRecord,
  { id, state, labelSelector }: PodSandboxFilter,
): PodSandbox | undefined {
  const isMeant = (id === undefined || record.id === id) && matchesLabels(record.config.labels, labelSelector);
  const row = isMeant ? sandboxRow(record) : undefined;
  return row !== undefined && (state === undefined || row.state === state) ? row : undefined;
}

function matchesLabels(labels: StringMap | undefined, selector: StringMap | undefined): boolean {
  for (const name in selector) if (labels?.[name] !== selector[name]) return false;
  return true;
}
