import type { Pod, PodSpec } from "../../api/types.ts";
import { standsSince } from "./accepted-since.ts";
import { validateImageSpace } from "./containers.ts";
import { type FieldError, forbidden } from "./field-error.ts";
import { FieldPath } from "./field-path.ts";
import { validateFinalizerNames, validateObjectMeta } from "./metadata.ts";
import { validateNewerFields } from "./newer-fields.ts";
import { validatePodAnnotations, validateSeccompMatch } from "./pod-annotations.ts";
import { validatePodSpec } from "./pod-spec.ts";
import type { ValidationRules } from "./rules.ts";

const METADATA = FieldPath.of("metadata");
const SPEC = FieldPath.of("spec");

export interface PodValidation {
  /** They may be there from the beginning, as in a manifest that says what shall be. Default `false`: as on create. */
  readonly ephemeralContainers?: boolean;
  /** Default "current". */
  readonly rules?: ValidationRules;
}

/**
 * Everything wrong with a pod to be run, in the order of Kubernetes; empty when it is valid. The pod must be decoded and
 * defaulted; privileged containers are allowed.
 * Source: core/validation ValidatePodCreate with empty PodValidationOptions and default feature gates, 1.26.
 */
export function validatePod(pod: Pod, { rules = "current", ...allowed }: PodValidation = {}): readonly FieldError[] {
  const spec = pod.spec ?? { containers: [] };
  const errors = allErrors(pod, spec, { rules, ...allowed });
  if (rules === "reference") return errors;
  return [...errors.filter(standsSince), ...validateNewerFields(spec, SPEC)];
}

function allErrors(
  pod: Pod,
  spec: PodSpec,
  { rules, ...allowed }: Required<Pick<PodValidation, "rules">> & PodValidation,
): readonly FieldError[] {
  const meta = pod.metadata ?? {};
  return [
    ...validateObjectMeta(meta, METADATA),
    ...validateFinalizerNames(meta.finalizers ?? [], METADATA.child("finalizers")),
    ...validatePodAnnotations(meta.annotations ?? {}, spec, METADATA.child("annotations")),
    ...validatePodSpec(spec, meta, SPEC, rules),
    ...validateTokenAccounts(spec),
    ...spec.containers.flatMap((item, index) => validateImageSpace(item, SPEC.child("containers").index(index))),
    ...(spec.initContainers ?? []).flatMap((item, index) =>
      validateImageSpace(item, SPEC.child("initContainers").index(index)),
    ),
    ...(spec.ephemeralContainers?.length && allowed.ephemeralContainers !== true
      ? [forbidden(SPEC.child("ephemeralContainers"), "cannot be set on create")]
      : []),
    ...validateSeccompMatch(pod, SPEC),
  ];
}

/** A token is a service account's: without one there is nothing to project. Source: validatePodMetadataAndSpec. */
function validateTokenAccounts(spec: PodSpec): FieldError[] {
  if (spec.serviceAccountName) return [];
  return (spec.volumes ?? []).flatMap((volume, index) =>
    (volume.projected?.sources ?? []).flatMap((source, sourceIndex) => {
      if (source.serviceAccountToken === undefined) return [];
      const projected = SPEC.child("volumes").index(index).child("projected");
      const at = projected.child("sources").index(sourceIndex).child("serviceAccountToken");
      return [forbidden(at, "must not be specified when serviceAccountName is not set")];
    }),
  );
}
