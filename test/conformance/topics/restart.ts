import type { Pod } from "../../../src/core/api/types.ts";
import { computePodActions } from "../../../src/core/pod/actions.ts";
import { shouldContainerBeRestarted } from "../../../src/core/pod/actions-restart.ts";
import type { ProbeResult } from "../../../src/core/pod/runtime-status.ts";
import type { Topic } from "../case.ts";
import { type PodStatusJson, SPEC_HASH, toResults, toRuntimePodStatus } from "./runtime-pod-status.ts";

interface Input {
  readonly pod: Pod;
  readonly podStatus: PodStatusJson;
  readonly liveness: Readonly<Record<string, ProbeResult>> | null;
  readonly startup: Readonly<Record<string, ProbeResult>> | null;
}

export const topic: Topic = ({ input }) => {
  const { pod, podStatus: json, liveness, startup } = input as Input;
  const podStatus = toRuntimePodStatus(json);
  const actions = computePodActions({
    pod,
    podStatus,
    liveness: toResults(liveness),
    startup: toResults(startup),
    hashOf: () => SPEC_HASH,
  });
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const rules = containers.map(({ name }) => [name, shouldContainerBeRestarted(name, pod, podStatus)]);
  const containersToKill = [...actions.containersToKill].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    actual: {
      actions: {
        killPod: actions.killPod,
        createSandbox: actions.createSandbox,
        sandboxID: actions.sandboxId,
        attempt: actions.attempt,
        nextInitContainerToStart: actions.initContainersToStart[0]?.name ?? null,
        containersToStart: actions.containersToStart.map(({ name }) => name),
        ephemeralContainersToStart: actions.ephemeralContainersToStart.map(({ name }) => name),
        containersToKill: actions.killPod ? [] : containersToKill,
      },
      shouldRestart: Object.fromEntries(rules),
    },
  };
};
