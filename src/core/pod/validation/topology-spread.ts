import type { PodSpec } from "../../api/types.ts";
import { duplicate, type FieldError, invalid, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";

type Constraint = NonNullable<PodSpec["topologySpreadConstraints"]>[number];

const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const NODE_POLICIES = ["Honor", "Ignore"];
const NOT_POSITIVE = "must be greater than zero";

/** Source: core/validation validateTopologySpreadConstraints; 1.26 does not look at the label selector. */
export function validateTopologySpread(constraints: readonly Constraint[], path: FieldPath): FieldError[] {
  return constraints.flatMap((constraint, index) =>
    validateConstraint(constraint, constraints.slice(index + 1), path.index(index)),
  );
}

function validateConstraint(constraint: Constraint, rest: readonly Constraint[], path: FieldPath): FieldError[] {
  const { maxSkew, topologyKey, whenUnsatisfiable, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  const errors: FieldError[] = [];
  if (maxSkew <= 0) errors.push(invalid(path.child("maxSkew"), maxSkew, NOT_POSITIVE));
  if (topologyKey === "") errors.push(required(path.child("topologyKey"), "can not be empty"));
  if (!ACTIONS.includes(whenUnsatisfiable)) {
    errors.push(notSupported(path.child("whenUnsatisfiable"), whenUnsatisfiable, ACTIONS));
  }
  if (rest.some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)) {
    errors.push(duplicate(path.child("{topologyKey, whenUnsatisfiable}"), `{${topologyKey}, ${whenUnsatisfiable}}`));
  }
  errors.push(...validateMinDomains(constraint, path.child("minDomains")));
  for (const [field, policy] of Object.entries({ nodeAffinityPolicy, nodeTaintsPolicy })) {
    if (policy !== undefined && !NODE_POLICIES.includes(policy)) {
      errors.push(notSupported(path.child(field), policy, NODE_POLICIES));
    }
  }
  return [...errors, ...validateMatchLabelKeys(constraint, path.child("matchLabelKeys"))];
}

function validateMinDomains({ minDomains, whenUnsatisfiable }: Constraint, path: FieldPath): FieldError[] {
  if (minDomains === undefined) return [];
  const errors = minDomains <= 0 ? [invalid(path, minDomains, NOT_POSITIVE)] : [];
  if (whenUnsatisfiable !== "DoNotSchedule") {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalid(path, minDomains, detail));
  }
  return errors;
}

function validateMatchLabelKeys({ matchLabelKeys = [], labelSelector }: Constraint, path: FieldPath): FieldError[] {
  const selected = new Set([
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map((expression) => expression.key),
  ]);
  return matchLabelKeys.flatMap((key, index) => {
    const errors = validateLabelName(key, path.index(index));
    if (selected.has(key)) {
      errors.push(invalid(path.index(index), key, "exists in both matchLabelKeys and labelSelector"));
    }
    return errors;
  });
}
