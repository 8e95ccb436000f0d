/** Whether a pod's selector and required affinity choose a node. Source: component-helpers scheduling/corev1/nodeaffinity. */
import type { Pod } from "../api/types.ts";
import type { AdmissionNode } from "./node.ts";

type Affinity = NonNullable<NonNullable<Pod["spec"]>["affinity"]>;
type Required = NonNullable<NonNullable<Affinity["nodeAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]>;
type Term = Required["nodeSelectorTerms"][number];
type Requirement = NonNullable<Term["matchExpressions"]>[number];

/** All of nodeSelector and one of the terms; a term that is empty or cannot be read matches nothing. */
export function matchesNode({ spec }: Pod, node: Pick<AdmissionNode, "name" | "labels">): boolean {
  const selected = Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labelOf(node, key) === value);
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? undefined;
  return selected && (required === undefined || (required.nodeSelectorTerms ?? []).some((term) => matches(term, node)));
}

function matches({ matchExpressions, matchFields }: Term, node: Pick<AdmissionNode, "name" | "labels">): boolean {
  const expressions = matchExpressions ?? [];
  const fields = matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((requirement) => holds(requirement, labelOf(node, requirement.key))) &&
    fields.every((requirement) => holdsForField(requirement, node.name))
  );
}

/** Source: apimachinery labels Requirement.Matches. */
function holds({ operator, values = [] }: Requirement, label: string | undefined): boolean {
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    case "Gt":
    case "Lt":
      return comparesTo(operator, label, values[0]);
    default:
      return false;
  }
}

/** Nodes have one field, their name. */
function holdsForField({ key, operator, values = [] }: Requirement, nodeName: string): boolean {
  if (key !== "metadata.name" || values.length !== 1) return false;
  if (operator === "In") return values[0] === nodeName;
  return operator === "NotIn" && values[0] !== nodeName;
}

function comparesTo(operator: "Gt" | "Lt", label: string | undefined, value: string | undefined): boolean {
  const [left, right] = [integer(label), integer(value)];
  if (left === undefined || right === undefined) return false;
  return operator === "Gt" ? left > right : left < right;
}

function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
}

function labelOf({ labels }: Pick<AdmissionNode, "labels">, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
