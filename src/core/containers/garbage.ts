/**
 * Which dead containers, unused sandboxes and log directories go. Rules: kubelet kuberuntime_gc.go.
 * The caller applies `evictContainers`, lists again, then applies `evictSandboxes`: a sandbox whose container could not
 * be removed stays.
 */
import type { CriContainerState, PodSandboxState } from "../cri/types.ts";
import { podUidOfLogDirectory } from "../logs/log-paths.ts";

/** -1 (any negative number) is "no limit". */
export interface ContainerGcPolicy {
  /** Younger containers are not looked at. */
  readonly minAgeMs: number;
  /** Dead instances to keep of one container of one pod. */
  readonly maxPerPodContainer: number;
  /** Dead instances to keep in all. */
  readonly maxContainers: number;
}

/** Kubelet defaults: minimum-container-ttl-duration 0, maximum-dead-containers-per-container 1, maximum-dead-containers -1. */
export const DEFAULT_CONTAINER_GC_POLICY: ContainerGcPolicy = { minAgeMs: 0, maxPerPodContainer: 1, maxContainers: -1 };

/** A container of the runtime that a kubelet made. */
export interface GcContainer {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly state: CriContainerState;
  readonly createdAtMs: number;
}
/** A sandbox of the runtime that a kubelet made. */
export interface GcSandbox {
  readonly id: string;
  readonly podUid: string;
  readonly state: PodSandboxState;
  readonly createdAtMs: number;
}

/** What the agent wants of a pod UID, as its pod workers tell. */
export interface PodRemoval {
  /** The pod is gone for good: its logs may go, too. */
  contentShouldBeRemoved(podUid: string): boolean;
  /** The pod's containers have ended for good (evicted or deleted). */
  runtimeShouldBeRemoved(podUid: string): boolean;
}

/** What a run goes by. */
export interface GcInput {
  readonly nowMs: number;
  readonly policy: ContainerGcPolicy;
  /** false: not every source has told its pods yet, so nothing is removed because its pod is unknown. */
  readonly allSourcesReady: boolean;
  /** Ended pods that still exist lose their containers, too (disk pressure). */
  readonly evictNonDeletedPods: boolean;
  readonly pods: PodRemoval;
}

/** One removal. `stopFirst`: its state is unknown, so stop it and, when that fails, leave it. */
export interface ContainerRemoval {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly stopFirst: boolean;
  readonly reason: "PodRemoved" | "MaxPerPodContainer" | "MaxContainers";
}

/** Containers to remove, in this order. Equal ages are told apart by id. */
export function evictContainers(containers: readonly GcContainer[], input: GcInput): readonly ContainerRemoval[] {
  const { policy, nowMs } = input;
  // Differs: to the kubelet what was made by a clock that was set back since is too young, for as long as it was set back.
  const isOldEnough = (createdAtMs: number) => createdAtMs > nowMs || createdAtMs <= nowMs - policy.minAgeMs;
  const dead = containers.filter(({ state, createdAtMs }) => state !== "CONTAINER_RUNNING" && isOldEnough(createdAtMs));
  const isGone = ({ podUid }: GcContainer) => input.allSourcesReady && isRemoved(podUid, input);
  const gone = dead.filter(isGone);
  const kept = dead.filter((container) => !isGone(container));
  const perContainer = enforcePerUnit(kept, policy.maxPerPodContainer, "MaxPerPodContainer");
  const inAll = enforceInAll(perContainer.kept, policy.maxContainers);
  return [...oldestFirst(gone).map((container) => removal(container, "PodRemoved")), ...perContainer.removed, ...inAll];
}

interface Enforced {
  readonly kept: readonly GcContainer[];
  readonly removed: readonly ContainerRemoval[];
}

/** Keeps the newest `max` of each container name of each pod. */
function enforcePerUnit(containers: readonly GcContainer[], max: number, reason: ContainerRemoval["reason"]): Enforced {
  if (max < 0) return { kept: containers, removed: [] };
  const units = [...unitsOf(containers)].map(newestFirst);
  return {
    kept: units.flatMap((unit) => unit.slice(0, max)),
    removed: units.flatMap((unit) => unit.slice(max).reverse()).map((container) => removal(container, reason)),
  };
}

/** First an equal share (at least one) for each container name, then the oldest of all. */
function enforceInAll(containers: readonly GcContainer[], max: number): readonly ContainerRemoval[] {
  if (max < 0 || containers.length <= max) return [];
  const share = Math.max(1, Math.floor(max / unitsOf(containers).length));
  const { kept, removed } = enforcePerUnit(containers, share, "MaxContainers");
  const oldest = newestFirst(kept).slice(max).reverse();
  return [...removed, ...oldest.map((container) => removal(container, "MaxContainers"))];
}

function unitsOf(containers: readonly GcContainer[]): readonly (readonly GcContainer[])[] {
  return [...Map.groupBy(containers, ({ podUid, name }) => JSON.stringify([podUid, name])).values()];
}

function removal({ id, podUid, name, state }: GcContainer, reason: ContainerRemoval["reason"]): ContainerRemoval {
  return { id, podUid, name, stopFirst: state === "CONTAINER_UNKNOWN", reason };
}

/**
 * Sandboxes to stop and remove, oldest first within a pod: not ready, without containers, and neither the newest of a
 * pod that still exists. `containers` are those that are left now.
 */
export function evictSandboxes(
  sandboxes: readonly GcSandbox[],
  containers: readonly Pick<GcContainer, "sandboxId">[],
  input: Pick<GcInput, "pods" | "evictNonDeletedPods">,
): readonly GcSandbox[] {
  const used = new Set(containers.map(({ sandboxId }) => sandboxId));
  return [...Map.groupBy(sandboxes, ({ podUid }) => podUid)].flatMap(([podUid, ofPod]) => {
    const candidates = newestFirst(ofPod).slice(isRemoved(podUid, input) ? 0 : 1);
    return candidates.reverse().filter(({ id, state }) => state !== "SANDBOX_READY" && !used.has(id));
  });
}

/** Names of pod log directories whose pod is gone for good; none while a source has not told its pods yet. */
export function evictLogDirectories(
  directoryNames: readonly string[],
  input: Pick<GcInput, "pods" | "allSourcesReady">,
): readonly string[] {
  if (!input.allSourcesReady) return [];
  return directoryNames.filter((name) => input.pods.contentShouldBeRemoved(podUidOfLogDirectory(name)));
}

/**
 * Whether a link to a container log that leads nowhere goes. `state` of its container; "unknown" when the runtime could
 * not tell or has no such container. The link of a living container stays: its log is away for a moment at each rotation.
 */
export function evictsDanglingLogLink(state: CriContainerState | "unknown"): boolean {
  return state === "CONTAINER_EXITED" || state === "unknown";
}

function isRemoved(
  podUid: string,
  { pods, evictNonDeletedPods }: Pick<GcInput, "pods" | "evictNonDeletedPods">,
): boolean {
  return pods.contentShouldBeRemoved(podUid) || (evictNonDeletedPods && pods.runtimeShouldBeRemoved(podUid));
}

interface Aged {
  readonly id: string;
  readonly createdAtMs: number;
}

function newestFirst<T extends Aged>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function oldestFirst<T extends Aged>(items: readonly T[]): T[] {
  return newestFirst(items).reverse();
}
