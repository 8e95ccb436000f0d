import type { Pod } from "../api/types.ts";
import { isCriticalPod } from "../pod/critical.ts";
import { qosClass } from "../pod/qos.ts";
import { toleratesTaint } from "../pod/tolerates.ts";
import type { PressureCondition } from "./signals.ts";

/** A refused pod fails with this reason and message. */
export type Admission =
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: string; readonly message: string };

const MEMORY_PRESSURE_TAINT = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" };
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
  return (pod.spec?.tolerations ?? []).some((toleration) => toleratesTaint(toleration, MEMORY_PRESSURE_TAINT));
}
