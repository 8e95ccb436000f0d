import type { PodSpec } from "../api/types.ts";
import { isSidecar } from "./restart-policy.ts";

/**
 * Which containers each container waits for before it is asked to end: a sidecar for all regular containers and for the
 * sidecars after it, all others for none. `running`: names of those that run; the others have ended already.
 * Source: kubelet kuberuntime_termination_order.go newTerminationOrdering (1.29).
 */
export function terminationOrder(
  spec: PodSpec | undefined,
  running: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const order = new Map<string, readonly string[]>();
  const before = (spec?.containers ?? []).map(({ name }) => name).filter((name) => running.has(name));
  for (const container of (spec?.initContainers ?? []).toReversed()) {
    if (!isSidecar(container) || !running.has(container.name)) continue;
    order.set(container.name, [...before]);
    before.push(container.name);
  }
  return order;
}
