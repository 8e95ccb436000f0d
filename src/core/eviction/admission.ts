import type { Pod, Toleration } from "../api/types.ts";
import { isCriticalPod } from "../pod/critical.ts";
import { qosClass } from "../pod/qos.ts";
import type { PressureCondition } from "./signals.ts";

/** A refused pod fails with this reason and message. */
export type Admission =
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: string; readonly message: string };

const MEMORY_PRESSURE_TAINT = "node.kubernetes.io/memory-pressure";
const ADMITTED: Admission = { admit: true };

/**
 * Whether a new pod may start under the conditions that the node reports. Critical ones always; under memory pressure alone
 * all but BestEffort ones that do not tolerate it; else none. Source: kubelet eviction Admit.
 */
export function admitUnderPressure(conditions: readonly PressureCondition[], pod: Pod): Admission {
  if (conditions.length === 0 || isCriticalPod(pod)) return ADMITTED;
  const isMemoryAlone = conditions.length === 1 && conditions[0] === "MemoryPressure";
  if (isMemoryAlone && (qosClass(pod) !== "BestEffort" || toleratesMemoryPressure(pod))) return ADMITTED;
  return refusedUnderPressure(conditions);
}

/** What a pod is told that may not start under these conditions. Source: kubelet eviction Admit. */
export function refusedUnderPressure(conditions: readonly PressureCondition[]): Admission & { readonly admit: false } {
  return { admit: false, reason: "Evicted", message: `The node had condition: [${conditions.join(" ")}]. ` };
}

function toleratesMemoryPressure(pod: Pod): boolean {
  return (pod.spec?.tolerations ?? []).some(toleratesTaint);
}

/** Source: core/v1 Toleration.ToleratesTaint, for a taint NoSchedule without a value. */
function toleratesTaint({ key = "", operator = "", value = "", effect = "" }: Toleration): boolean {
  if (effect !== "" && effect !== "NoSchedule") return false;
  if (key !== "" && key !== MEMORY_PRESSURE_TAINT) return false;
  return operator === "Exists" || ((operator === "" || operator === "Equal") && value === "");
}
