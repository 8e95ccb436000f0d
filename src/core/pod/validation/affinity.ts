import type { NodeSelector, PodSpec } from "../../api/types.ts";
import { type FieldError, forbidden, invalid, invalidEach, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName, validateLabelSelector } from "./labels.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "./names.ts";

type Affinity = NonNullable<PodSpec["affinity"]>;
type NodeAffinity = NonNullable<Affinity["nodeAffinity"]>;
type PodAffinity = NonNullable<Affinity["podAffinity"]>;
type NodeSelectorTerm = NonNullable<
  NodeAffinity["preferredDuringSchedulingIgnoredDuringExecution"]
>[number]["preference"];
type NodeRequirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];
type PodTerm = NonNullable<PodAffinity["requiredDuringSchedulingIgnoredDuringExecution"]>[number];

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** Source: core/validation validateAffinity. */
export function validateAffinity(affinity: Affinity | undefined, path: FieldPath): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  return [
    ...(nodeAffinity ? validateNodeAffinity(nodeAffinity, path.child("nodeAffinity")) : []),
    ...(podAffinity ? validatePodAffinity(podAffinity, path.child("podAffinity")) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, path.child("podAntiAffinity")) : []),
  ];
}

function validateWeight(weight: number, path: FieldPath): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalid(path.child("weight"), weight, "must be in the range 1-100")];
}

/** Source: core/validation ValidateNodeSelector. */
export function validateNodeSelector(selector: NodeSelector, path: FieldPath): FieldError[] {
  const terms = selector.nodeSelectorTerms;
  const at = path.child("nodeSelectorTerms");
  const errors = terms.length === 0 ? [required(at, "must have at least one node selector term")] : [];
  for (const [index, term] of terms.entries()) errors.push(...validateNodeTerm(term, at.index(index)));
  return errors;
}

function validateNodeAffinity(affinity: NodeAffinity, path: FieldPath): FieldError[] {
  const needed = affinity[REQUIRED];
  const errors = needed === undefined ? [] : validateNodeSelector(needed, path.child(REQUIRED));
  for (const [index, { weight, preference }] of (affinity[PREFERRED] ?? []).entries()) {
    const at = path.child(PREFERRED).index(index);
    errors.push(...validateWeight(weight, at), ...validateNodeTerm(preference, at.child("preference")));
  }
  return errors;
}

function validateNodeTerm(term: NodeSelectorTerm, path: FieldPath): FieldError[] {
  const { matchExpressions = [], matchFields = [] } = term;
  return [
    ...matchExpressions.flatMap((item, index) => validateNodeLabel(item, path.child("matchExpressions").index(index))),
    ...matchFields.flatMap((item, index) => validateNodeField(item, path.child("matchFields").index(index))),
  ];
}

function validateNodeLabel({ key, operator, values = [] }: NodeRequirement, path: FieldPath): FieldError[] {
  const at = path.child("values");
  const errors: FieldError[] = [];
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) {
        errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) {
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  }
  return [...errors, ...validateLabelName(key, path.child("key"))];
}

function validateNodeField({ key, operator, values = [] }: NodeRequirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child("values"), detail));
  }
  if (key !== "metadata.name") {
    errors.push(invalid(path.child("key"), key, "not a valid field selector key"));
    return errors;
  }
  const wrong = values.flatMap((value, index) =>
    invalidEach(path.child("values").index(index), value, dnsSubdomainErrors(value)),
  );
  return [...errors, ...wrong];
}

function validatePodAffinity(affinity: PodAffinity, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, term] of (affinity[REQUIRED] ?? []).entries()) {
    errors.push(...validatePodTerm(term, path.child(REQUIRED).index(index)));
  }
  for (const [index, { weight, podAffinityTerm }] of (affinity[PREFERRED] ?? []).entries()) {
    const at = path.child(PREFERRED).index(index);
    errors.push(...validateWeight(weight, at), ...validatePodTerm(podAffinityTerm, at.child("podAffinityTerm")));
  }
  return errors;
}

function validatePodTerm(term: PodTerm, path: FieldPath): FieldError[] {
  const key = term.topologyKey;
  return [
    ...validateLabelSelector(term.labelSelector, path.child("labelSelector")),
    ...validateLabelSelector(term.namespaceSelector, path.child("namespaceSelector")),
    ...(term.namespaces ?? []).flatMap((name) => invalidEach(path.child("namespace"), name, dnsLabelErrors(name))),
    ...(key === "" ? [required(path.child("topologyKey"), "can not be empty")] : []),
    ...validateLabelName(key, path.child("topologyKey")),
  ];
}
