import type { Pod } from "../../api/types.ts";
import { type Admission, admitUnderPressure } from "../admission.ts";
import type { PressureCondition } from "../signals.ts";

const small = { cpu: "100m", memory: "64Mi" };

/** New pods of every kind, to see whether the node would take them. */
const PROBE_PODS: Readonly<Record<string, Pod>> = {
  bestEffort: { spec: { containers: [{ name: "main" }] } },
  burstable: { spec: { containers: [{ name: "main", resources: { requests: { memory: "64Mi" } } }] } },
  guaranteed: { spec: { containers: [{ name: "main", resources: { requests: small, limits: small } }] } },
  criticalStatic: {
    metadata: { annotations: { "kubernetes.io/config.source": "file" } },
    spec: {
      containers: [{ name: "main" }],
      priority: 2_000_001_000,
      priorityClassName: "system-node-critical",
    },
  },
  bestEffortToleratingMemoryPressure: {
    spec: {
      containers: [{ name: "main" }],
      tolerations: [{ key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" }],
    },
  },
};

export type ProbeAdmissions = Readonly<Record<string, Admission>>;

/** What admission says to each of them under the conditions. */
export function probeAdmissions(conditions: readonly PressureCondition[]): ProbeAdmissions {
  const answers = Object.entries(PROBE_PODS).map(([name, pod]) => [name, admitUnderPressure(conditions, pod)]);
  return Object.fromEntries(answers);
}
