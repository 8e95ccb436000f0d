import type { LabelSelector } from "../../api/types.ts";
import { type FieldError, forbidden, invalid, invalidEach, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { labelValueErrors, qualifiedNameErrors } from "./names.ts";

/** Source: meta/v1/validation ValidateLabelName. */
export function validateLabelName(name: string, path: FieldPath): FieldError[] {
  return invalidEach(path, name, qualifiedNameErrors(name));
}

/** Both keys and values are reported at `path` itself. Source: meta/v1/validation ValidateLabels. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateLabelName(key, path),
    ...invalidEach(path, value, labelValueErrors(value)),
  ]);
}

/** Source: meta/v1/validation ValidateLabelSelector, values of expressions included. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: FieldPath): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabels(selector.matchLabels, path.child("matchLabels"));
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, path.child("matchExpressions").index(index)));
  }
  return errors;
}

type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

function validateRequirement(requirement: Requirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) {
        errors.push(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbidden(path.child("values"), detail));
      }
      break;
    default:
      errors.push(invalid(path.child("operator"), requirement.operator, "not a valid selector operator"));
  }
  errors.push(...validateLabelName(requirement.key, path.child("key")));
  for (const [index, value] of values.entries()) {
    errors.push(...invalidEach(path.child("values").index(index), value, labelValueErrors(value)));
  }
  return errors;
}
