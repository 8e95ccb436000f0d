import type { ContainerStatus, PodSpec } from "../../../src/core/api/types.ts";
import { podPhase } from "../../../src/core/pod/phase.ts";
import type { Topic } from "../case.ts";

interface Input {
  readonly spec: PodSpec;
  readonly statuses: readonly ContainerStatus[] | null;
}

export const topic: Topic = ({ input }) => {
  const { spec, statuses } = input as Input;
  return { actual: { phase: podPhase(spec, statuses ?? []) } };
};
