/** Whether labels meet a selector. Source: apimachinery labels Requirement.Matches, component-helpers nodeaffinity. */
import type { LabelSelector, NodeSelector } from "./types.ts";

type Labels = Readonly<Record<string, string>>;

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** An empty selector is met by everything. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => meets(requirement, labelOf(labels, requirement.key)))
  );
}

/** One of the terms must be met whole; a term that asks for nothing is met by no node. */
export function matchesNode(selector: NodeSelector, node: { readonly name: string; readonly labels: Labels }): boolean {
  return selector.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    return (
      matchExpressions.every((requirement) => meets(requirement, labelOf(node.labels, requirement.key))) &&
      matchFields.every((field) => meets(field, field.key === "metadata.name" ? node.name : undefined))
    );
  });
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function meets({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return isMore(value, values[0]);
    case "Lt":
      return isMore(values[0], value);
    default:
      return false;
  }
}

/** `false` where one is not a whole number. */
function isMore(more: string | undefined, less: string | undefined): boolean {
  const isInteger = (text: string | undefined): text is string => text !== undefined && /^[+-]?\d{1,19}$/.test(text);
  return isInteger(more) && isInteger(less) && BigInt(more) > BigInt(less);
}
