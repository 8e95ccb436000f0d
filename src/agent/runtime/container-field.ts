import type { Container, Pod } from "../../core/api/types.ts";
import type { ContainerField } from "../events/event-recorder.ts";

/** Where a container stands in the pod's spec; `undefined`: the spec has none of that name. */
export function containerField(pod: Pod, name: string): ContainerField | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  if (containers.some((container) => container.name === name)) return { list: "containers", name };
  if (initContainers.some((container) => container.name === name)) return { list: "initContainers", name };
  if (ephemeralContainers.some((container) => container.name === name)) return { list: "ephemeralContainers", name };
  return undefined;
}

/** The container of that name in any of the spec's lists. */
export function containerOf(pod: Pod, name: string): Container | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers].find((container) => container.name === name);
}
