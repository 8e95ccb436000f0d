import type { Pod } from "../../../src/core/api/types.ts";
import { qosClass } from "../../../src/core/pod/qos.ts";
import type { Topic } from "../case.ts";

export const topic: Topic = ({ input }) => {
  const { pod } = input as { readonly pod: Pod };
  return { actual: { qosClass: qosClass(pod) } };
};
