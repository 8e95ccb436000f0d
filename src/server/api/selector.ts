/** Label selectors of list requests. Source: apimachinery pkg/labels selector.go, the forms that kubectl -l takes. */
import { RequestError } from "../errors.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether labels match `text`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. */
export function parseSelector(text: string): (labels: Labels | undefined) => boolean {
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return (labels = {}) => requirements.every((matches) => matches(labels));
}

function splitOutsideParentheses(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(text);
  if (set !== null) return inSet(set[1] ?? "", set[2] === "in", set[3] ?? "");
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(text);
  if (equality !== null) return inSet(equality[1] ?? "", equality[2] !== "!=", equality[3] ?? "");
  const [, not, key] = /^(!?)\s*([\w./-]+)$/.exec(text) ?? [];
  if (key === undefined) throw new RequestError("BadRequest", `unable to parse requirement: ${JSON.stringify(text)}`);
  return (labels) => Object.hasOwn(labels, key) === (not === "");
}

/** A label that is absent is in no set, so `!=` and `notin` match it. */
function inSet(key: string, wanted: boolean, list: string): (labels: Labels) => boolean {
  const values = new Set(list.split(",").map((value) => value.trim()));
  return (labels) => (Object.hasOwn(labels, key) && values.has(labels[key] ?? "")) === wanted;
}
