/**
 * State of the pod workers as plain data: one worker per pod UID, from the first word about the pod until it is
 * forgotten. Source: kubelet pod_workers.go podSyncStatus.
 */
import type { Pod, PodCondition } from "../api/types.ts";

/**
 * `sync`: the pod is to run. `terminating`: it has containers that must end, none is started any more.
 * `terminated`: no container runs, the rest is cleaned up. `finished`: nothing is left to do; never left again.
 */
export type PodWorkerPhase = "sync" | "terminating" | "terminated" | "finished";

/** How the update about a pod came: `create` only for what was not there before. */
export type PodUpdateType = "create" | "update" | "sync";

/** What a kill writes into the pod's status, on top of what the containers say (an eviction's words). */
export interface KillStatus {
  readonly phase?: "Failed";
  readonly reason: string;
  readonly message: string;
  readonly conditions?: readonly PodCondition[];
}

/** One piece of work on a pod. A pod never has two at a time. */
export type PodWork =
  | { readonly kind: "sync"; readonly pod: Pod; readonly mirrorPod?: Pod; readonly updateType: PodUpdateType }
  | {
      readonly kind: "terminate";
      readonly pod: Pod;
      /** Grace for every container, at least 1; 0 for a kill that waits for nothing. */
      readonly graceSeconds: number;
      /** Only the runtime knows the pod: there is no spec and no status to write. */
      readonly runtimeOnly: boolean;
      readonly status?: KillStatus;
    }
  | { readonly kind: "cleanUp"; readonly pod: Pod; readonly status?: KillStatus };

export interface PodWorkerState {
  readonly uid: string;
  /** `name_namespace`. */
  readonly fullName: string;
  /** Order in which workers were made. */
  readonly sequence: number;
  /** Newest version of the pod. For a runtime-only pod its name, namespace and uid. */
  readonly pod: Pod;
  readonly mirrorPod?: Pod;
  readonly isStatic: boolean;
  readonly runtimeOnly: boolean;
  readonly phase: PodWorkerPhase;
  /** Of the next sync. */
  readonly updateType: PodUpdateType;
  readonly seenAtMs: number;
  /** First sync handed out; absent: never. */
  readonly startedAtMs?: number;
  readonly terminatingAtMs?: number;
  /** The worker has begun to terminate: from here on no container is started. */
  readonly startedTerminating: boolean;
  readonly terminatedAtMs?: number;
  readonly finishedAtMs?: number;
  /** The pod's deletion was asked for (or nobody but the runtime knows it): its content goes once it has terminated. */
  readonly deleted: boolean;
  /** Its content goes at once. */
  readonly evicted: boolean;
  /** Grace in force; it only ever shrinks. Absent until the pod terminates. */
  readonly graceSeconds?: number;
  readonly killStatus?: KillStatus;
  /** Kind of the work in flight. */
  readonly running?: PodWork["kind"];
  /** There is something to do as soon as nothing is in flight. */
  readonly due: boolean;
  /** The same UID was asked for again while it was terminating: it starts anew once finished. */
  readonly restartWith?: { readonly pod: Pod; readonly mirrorPod?: Pod };
}

export interface PodWorkersState {
  /** By UID. */
  readonly workers: Readonly<Record<string, PodWorkerState>>;
  readonly nextSequence: number;
  /** All pods that were there at the start have been handed to the workers: an unknown pod is a gone pod. */
  readonly podsSynced: boolean;
}

export const NO_POD_WORKERS: PodWorkersState = { workers: {}, nextSequence: 0, podsSynced: false };
