import type { Container } from "../../api/types.ts";
import { type FieldError, notSupported, required, tooMany } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";

const POLICIES = ["Always", "Never", "OnFailure"];
const ACTIONS = ["Restart"];
const OPERATORS = ["In", "NotIn"];
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;

/** A container's own restart policy and its rules. Source: core/validation validateContainerRestartPolicy (1.34). */
export function validateRestartPolicy(container: Container, path: FieldPath): FieldError[] {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const errors: FieldError[] = [];
  const policyAt = path.child("restartPolicy");
  if (restartPolicy === undefined) {
    if (rules.length > 0) errors.push(required(policyAt, "must specify restartPolicy when restart rules are used"));
  } else if (!POLICIES.includes(restartPolicy)) errors.push(notSupported(policyAt, restartPolicy, POLICIES));
  const rulesAt = path.child("restartPolicyRules");
  if (rules.length > MAX_RULES) errors.push(tooMany(rulesAt, rules.length, MAX_RULES));
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const at = rulesAt.index(index);
    if (!ACTIONS.includes(action)) errors.push(notSupported(at.child("action"), action ?? "", ACTIONS));
    const codesAt = at.child("exitCodes");
    if (exitCodes === undefined) {
      errors.push(required(codesAt, "must be specified"));
      continue;
    }
    const { operator, values = [] } = exitCodes;
    if (!OPERATORS.includes(operator)) errors.push(notSupported(codesAt.child("operator"), operator ?? "", OPERATORS));
    if (values.length > MAX_EXIT_CODES) {
      errors.push(tooMany(codesAt.child("values"), values.length, MAX_EXIT_CODES));
    }
  }
  return errors;
}
