/**
 * Fields that a pod may set and that this agent does not act on yet. docs/pod-spec.md says "not yet" of exactly these (a
 * test compares them): whoever builds one takes it out here and there.
 */
import type { Pod } from "../api/types.ts";
import type { GoType } from "../manifest/go-type.ts";
import { fieldsOf } from "../manifest/struct-types.ts";

/** `Struct.field` as in the API's types. */
export const NOT_YET: ReadonlySet<string> = new Set([
  "PodSpec.resourceClaims",
  "PodSpec.resources",
  "PodSecurityContext.seLinuxChangePolicy",
  "Container.resizePolicy",
  "EnvVarSource.fileKeyRef",
  "Lifecycle.stopSignal",
  "ResourceRequirements.claims",
  "Volume.gitRepo",
  "Volume.fc",
  "Volume.flexVolume",
  "VolumeProjection.clusterTrustBundle",
  "VolumeProjection.podCertificate",
]);

/** Paths of the fields of `NOT_YET` that the pod sets (`spec.containers[0].resizePolicy`), in the order of the API's types. */
export function unsupportedFields(pod: Pod): readonly string[] {
  return [...found(pod.spec, { kind: "struct", name: "v1.PodSpec", struct: "PodSpec" }, "spec")];
}

function* found(value: unknown, type: GoType, path: string): Iterable<string> {
  if (value === undefined || value === null) return;
  if (type.kind === "list" && Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* found(item, type.item.type, `${path}[${index}]`);
  }
  if (type.kind !== "struct") return;
  for (const [name, field] of fieldsOf(type.struct)) {
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (inner === undefined || inner === null) continue;
    if (NOT_YET.has(`${type.struct}.${name}`)) yield `${path}.${name}`;
    else yield* found(inner, field.type, `${path}.${name}`);
  }
}
