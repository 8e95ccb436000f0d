import type { ContainerStatus, PodCondition, PodPhase, PodSpec } from "../../../src/core/api/types.ts";
import {
  containersReadyCondition,
  podInitializedCondition,
  podReadyCondition,
} from "../../../src/core/pod/conditions.ts";
import type { Topic } from "../case.ts";

interface Input {
  readonly spec: PodSpec;
  readonly conditions: readonly PodCondition[] | null;
  readonly containerStatuses: readonly ContainerStatus[] | null;
  readonly initContainerStatuses: readonly ContainerStatus[] | null;
  readonly phase: PodPhase;
}

export const topic: Topic = ({ input }) => {
  const { spec, conditions, containerStatuses, initContainerStatuses, phase } = input as Input;
  const statuses = containerStatuses ?? undefined;
  return {
    actual: {
      containersReady: containersReadyCondition(spec, statuses, phase),
      ready: podReadyCondition(spec, conditions ?? [], statuses, phase),
      initialized: podInitializedCondition(spec, initContainerStatuses ?? undefined, phase),
    },
  };
};
