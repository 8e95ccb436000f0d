import type { Pod } from "../../../src/core/api/types.ts";
import { gracePeriodSeconds, type KillReason } from "../../../src/core/pod/grace-period.ts";
import type { Topic } from "../case.ts";

interface Input {
  readonly pod: Pod;
  readonly reason: KillReason;
}

export const topic: Topic = ({ input }) => {
  const { pod, reason } = input as Input;
  const [container] = pod.spec?.containers ?? [];
  return container === undefined
    ? { actual: null }
    : { actual: { gracePeriodSeconds: gracePeriodSeconds(pod, container, reason) } };
};
