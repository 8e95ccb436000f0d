/** What the pod workers are told, what they want done, and why: all plain data. */
import type { Pod } from "../api/types.ts";
import type { KillStatus, PodUpdateType, PodWork, PodWorkersState } from "./state.ts";

/** How a piece of work ended. */
export type WorkResult =
  /**
   * `terminalPhase` (of a sync): the pod has run to its end and shall now be torn down; `evicted`: that end was an
   * eviction, by an agent before this one.
   */
  | { readonly kind: "done"; readonly terminalPhase?: boolean; readonly evicted?: boolean }
  /** The work was cancelled, or did not end well. */
  | { readonly kind: "failed"; readonly cause: "canceled" | "networkNotReady" | "error" };

/** What happened. Events of one pod come in order. */
export type PodWorkerEvent = { readonly nowMs: number } & (
  | {
      readonly kind: "update";
      readonly pod: Pod;
      readonly mirrorPod?: Pod;
      readonly updateType: PodUpdateType;
      /** The runtime has been asked and has neither a running container nor a ready sandbox of this pod. */
      readonly nothingRuns?: boolean;
    }
  | {
      /** The agent ends the pod: it left the configuration, or is evicted or preempted, or the node shuts down. */
      readonly kind: "kill";
      readonly pod: Pod;
      /** Absent: the grace of the deletion or of the pod. */
      readonly graceSeconds?: number;
      /** Without any grace: SIGKILL, and no hook before it. */
      readonly atOnce?: boolean;
      readonly evict?: boolean;
      readonly status?: KillStatus;
    }
  | {
      /** Containers run for a pod that no configuration has. */
      readonly kind: "killRuntimePod";
      readonly uid: string;
      readonly name: string;
      readonly namespace: string;
      /** That its containers were created with; absent: the least. */
      readonly graceSeconds?: number;
    }
  | { readonly kind: "workEnded"; readonly uid: string; readonly result: WorkResult }
  /** A `requeue` is due, or something happened to the pod's containers. */
  | { readonly kind: "wake"; readonly uid: string }
);

/** What the agent does now, in this order. */
export type PodWorkerAction =
  | { readonly kind: "run"; readonly uid: string; readonly work: PodWork }
  /** Abort the work in flight; its `workEnded` still comes. */
  | { readonly kind: "cancel"; readonly uid: string }
  /** Send `wake` later; replaces an earlier one of the pod. */
  | { readonly kind: "requeue"; readonly uid: string; readonly after: "resync" | "backOff" | "transientBackOff" }
  /** No container of the pod runs any more: whoever waits for the kill may go on. */
  | { readonly kind: "terminated"; readonly uid: string }
  | { readonly kind: "finished"; readonly uid: string };

/** Why a pod is ended; `completed`: its containers ran to their end. */
export type TerminationCause = "runtimeOnly" | "terminalPhase" | "deleted" | "evicted" | "killed" | "completed";

/** Why. */
export type PodWorkerTrace = { readonly uid: string } & (
  | { readonly what: "firstSeen" }
  | { readonly what: "alreadyOver"; readonly phase: string }
  | { readonly what: "ignored"; readonly why: "finished" | "unknownPod" | "known" }
  | { readonly what: "terminating"; readonly cause: TerminationCause; readonly graceSeconds: number }
  | { readonly what: "graceShortened"; readonly fromSeconds: number; readonly toSeconds: number }
  | { readonly what: "restartRequested" }
  | { readonly what: "restarted" }
  | { readonly what: "waitsForPod"; readonly ownerUid: string; readonly fullName: string }
  | { readonly what: "terminated" }
  | { readonly what: "finished" }
);

/** Outcome of one step. */
export interface PodWorkersStep {
  readonly state: PodWorkersState;
  readonly plan: readonly PodWorkerAction[];
  readonly trace: readonly PodWorkerTrace[];
}
