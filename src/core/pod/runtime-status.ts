/**
 * What the runtime knows of one pod: the input of every decision about it.
 * Source of the shape: kubelet container/runtime.go PodStatus.
 */
import type { ContainerPort, LifecycleHandler } from "../api/types.ts";
import type { CriContainerState, PodSandboxStatus } from "../cri/types.ts";

/** One container instance of a pod as the runtime reports it, with the facts its labels and annotations carry. */
export interface RuntimeContainerStatus {
  readonly id: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly state: CriContainerState;
  readonly createdAtMs: number;
  /** 0: not started. */
  readonly startedAtMs: number;
  /** 0: not finished. */
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly image: string;
  readonly imageId: string;
  readonly reason: string;
  readonly message: string;
  readonly restartCount: number;
  /** Hash of the container spec it was created from (annotation `io.kubernetes.container.hash`); "" when unknown. */
  readonly hash: string;
  /** How it is to be ended, as it was created; absent: it does not say. */
  readonly ending?: {
    readonly graceSeconds?: number;
    readonly preStop?: LifecycleHandler;
    readonly ports?: readonly ContainerPort[];
  };
}

/** `sandboxStatuses` newest first; `containerStatuses` newest first within one name; `ips` of the ready newest sandbox. */
export interface RuntimePodStatus {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly ips: readonly string[];
  readonly sandboxStatuses: readonly PodSandboxStatus[];
  readonly containerStatuses: readonly RuntimeContainerStatus[];
}

/** Last result of a probe; no entry in a map of them: not probed yet. */
export type ProbeResult = "Success" | "Failure" | "Unknown";
