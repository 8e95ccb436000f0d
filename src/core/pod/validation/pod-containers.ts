import type { Container, PodSpec } from "../../api/types.ts";
import type { FieldPath } from "./field-path.ts";

/** A container with the path of its spec. */
export interface ContainerAt {
  readonly container: Container;
  readonly path: FieldPath;
}

/** All containers: init, regular, ephemeral. Source: core/pods VisitContainersWithPath. */
export function containersWithPath(spec: PodSpec, specPath: FieldPath): readonly ContainerAt[] {
  const at = (containers: readonly Container[] | undefined, field: string) =>
    (containers ?? []).map((container, index) => ({ container, path: specPath.child(field).index(index) }));
  return [
    ...at(spec.initContainers, "initContainers"),
    ...at(spec.containers, "containers"),
    ...at(spec.ephemeralContainers, "ephemeralContainers"),
  ];
}
