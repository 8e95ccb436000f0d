import type { Pod } from "../../../src/core/api/types.ts";
import { containerOomScoreAdj } from "../../../src/core/pod/oom-score.ts";
import type { Topic } from "../case.ts";

interface OomScoreInput {
  readonly pod: Pod;
  readonly containerName: string;
  readonly memoryCapacity: number;
}

export const topic: Topic = ({ input }) => {
  const { pod, containerName, memoryCapacity } = input as OomScoreInput;
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers, ...ephemeralContainers];
  const container = all.find(({ name }) => name === containerName);
  if (container === undefined) return { actual: { error: `no container ${containerName}` } };
  return { actual: { oomScoreAdj: containerOomScoreAdj(pod, container, memoryCapacity) } };
};
