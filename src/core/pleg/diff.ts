/**
 * What changed between two observations of the runtime, as pod lifecycle events.
 * Source: kubelet pleg/generic.go generateEvents (one event per container whose state changed).
 */
import type { CriContainerState, PodSandboxState } from "../cri/types.ts";

export type PlegState = "running" | "exited" | "unknown" | "absent";

export interface PodLifecycleEvent {
  readonly type: "ContainerStarted" | "ContainerDied" | "ContainerRemoved" | "ContainerChanged";
  readonly podUid: string;
  /** Container or sandbox id. */
  readonly id: string;
}

/** State by container and sandbox id of one pod. */
export type PodStates = ReadonlyMap<string, PlegState>;

/** A created container counts as unknown: it says nothing until it runs or exits. */
export function containerPlegState(state: CriContainerState): PlegState {
  switch (state) {
    case "CONTAINER_RUNNING":
      return "running";
    case "CONTAINER_EXITED":
      return "exited";
    case "CONTAINER_CREATED":
    case "CONTAINER_UNKNOWN":
      return "unknown";
  }
}

export function sandboxPlegState(state: PodSandboxState): PlegState {
  return state === "SANDBOX_READY" ? "running" : "exited";
}

/** Events of one pod in the order of `before`, new ids last; empty when nothing changed. */
export function diffPodStates(podUid: string, before: PodStates, after: PodStates): readonly PodLifecycleEvent[] {
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids].flatMap((id) => eventsOf(podUid, id, before.get(id) ?? "absent", after.get(id) ?? "absent"));
}

function eventsOf(podUid: string, id: string, before: PlegState, after: PlegState): readonly PodLifecycleEvent[] {
  if (before === after) return [];
  switch (after) {
    case "running":
      return [{ type: "ContainerStarted", podUid, id }];
    case "exited":
      return [{ type: "ContainerDied", podUid, id }];
    case "unknown":
      return [{ type: "ContainerChanged", podUid, id }];
    case "absent":
      return before === "exited"
        ? [{ type: "ContainerRemoved", podUid, id }]
        : [
            { type: "ContainerDied", podUid, id },
            { type: "ContainerRemoved", podUid, id },
          ];
  }
}
