import {
  evictContainers,
  evictLogDirectories,
  evictSandboxes,
  type GcContainer,
  type GcInput,
  type GcSandbox,
} from "../../../src/core/containers/garbage.ts";
import type { CriContainerState, PodSandboxState } from "../../../src/core/cri/types.ts";
import type { Topic } from "../case.ts";

interface Input {
  readonly containers: readonly {
    readonly id: string;
    readonly podUID: string;
    readonly name: string;
    readonly state: CriContainerState;
    readonly ageSeconds: number;
    readonly podSandboxID: string;
  }[];
  readonly sandboxes: readonly {
    readonly id: string;
    readonly podUID: string;
    readonly state: PodSandboxState;
    readonly ageSeconds: number;
  }[];
  readonly pods: Readonly<
    Record<string, { readonly contentShouldBeRemoved?: boolean; readonly runtimeShouldBeRemoved?: boolean }>
  >;
  readonly stopFails: readonly string[];
  readonly logDirs: readonly string[];
  readonly policy: {
    readonly minAgeSeconds: number;
    readonly maxPerPodContainer: number;
    readonly maxContainers: number;
  };
  readonly allSourcesReady: boolean;
  readonly evictNonDeletedPods: boolean;
}

const NOW_MS = 1_700_000_000_000;

export const topic: Topic = ({ input }) => {
  const given = input as Input;
  const gc: GcInput = {
    nowMs: NOW_MS,
    policy: {
      minAgeMs: given.policy.minAgeSeconds * 1000,
      maxPerPodContainer: given.policy.maxPerPodContainer,
      maxContainers: given.policy.maxContainers,
    },
    allSourcesReady: given.allSourcesReady,
    evictNonDeletedPods: given.evictNonDeletedPods,
    pods: {
      contentShouldBeRemoved: (uid) => given.pods[uid]?.contentShouldBeRemoved ?? false,
      runtimeShouldBeRemoved: (uid) => given.pods[uid]?.runtimeShouldBeRemoved ?? false,
    },
  };
  const containers = given.containers.map(
    ({ id, podUID, name, state, ageSeconds, podSandboxID }): GcContainer => ({
      id,
      podUid: podUID,
      name,
      state,
      sandboxId: podSandboxID,
      createdAtMs: NOW_MS - ageSeconds * 1000,
    }),
  );
  const sandboxes = given.sandboxes.map(
    ({ id, podUID, state, ageSeconds }): GcSandbox => ({
      id,
      podUid: podUID,
      state,
      createdAtMs: NOW_MS - ageSeconds * 1000,
    }),
  );
  const planned = evictContainers(containers, gc);
  const stopFails = (id: string) => given.stopFails.includes(id);
  const removed = planned.filter(({ id, stopFirst }) => !(stopFirst && stopFails(id))).map(({ id }) => id);
  const left = containers.filter(({ id }) => !removed.includes(id));
  return {
    actual: {
      removedContainers: removed.sort(),
      stoppedContainers: planned
        .filter(({ id, stopFirst }) => stopFirst && !stopFails(id))
        .map(({ id }) => id)
        .sort(),
      removedSandboxes: evictSandboxes(sandboxes, left, gc)
        .map(({ id }) => id)
        .sort(),
      removedLogDirs: [...evictLogDirectories(given.logDirs, gc)].sort(),
    },
  };
};
