import { type ManifestContent, type ManifestObject, type ManifestProblem, objectKey } from "./desired-state.ts";

/**
 * What a file says, but a ConfigMap or Secret that said `immutable` before keeps its content, and the attempt is told.
 * One that is taken out of the file and put back later is a new one. Source: core/validation ValidateConfigMapUpdate.
 */
export function keepImmutable(
  before: readonly ManifestObject[],
  content: ManifestContent,
): Pick<ManifestContent, "objects" | "problems"> {
  const fixed = new Map(before.filter(isImmutable).map((object) => [objectKey(object), object]));
  if (fixed.size === 0) return content;
  const problems: ManifestProblem[] = [];
  const objects = content.objects.map((object) => {
    const subject = objectKey(object);
    const kept = fixed.get(subject);
    const field = kept === undefined ? undefined : changedField(kept, object);
    if (kept === undefined || field === undefined) return object;
    const message = `${field}: Forbidden: field is immutable when \`immutable\` is set; delete the object and create it anew`;
    problems.push({ path: content.path, subject, field, message });
    return kept;
  });
  return { objects, problems: [...content.problems, ...problems] };
}

type WithData = Extract<ManifestObject, { readonly kind: "ConfigMap" | "Secret" }>;

function hasData(object: ManifestObject): object is WithData {
  return object.kind === "ConfigMap" || object.kind === "Secret";
}

function isImmutable(object: ManifestObject): boolean {
  return hasData(object) && object.object.immutable === true;
}

function changedField(before: ManifestObject, now: ManifestObject): string | undefined {
  if (!hasData(before) || !hasData(now)) return undefined;
  if (now.object.immutable !== true) return "immutable";
  if (!isSame(before.object.data, now.object.data)) return "data";
  const binary = ({ kind, object }: WithData) => (kind === "ConfigMap" ? object.binaryData : undefined);
  return isSame(binary(before), binary(now)) ? undefined : "binaryData";
}

function isSame(
  a: Readonly<Record<string, string>> | undefined = {},
  b: Readonly<Record<string, string>> | undefined = {},
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
