/**
 * Whether two values are the same once written as JSON: a field that is `undefined` is no field, the order of fields does
 * not matter. For plain data only.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  const [left, right] = [a as Fields, b as Fields];
  return sameFields(left, right) && hasNoOthers(right, left);
}

type Fields = Readonly<Record<string, unknown>>;

function sameFields(a: Fields, b: Fields): boolean {
  for (const name in a) if (!sameJson(a[name], b[name])) return false;
  return true;
}

function hasNoOthers(a: Fields, b: Fields): boolean {
  for (const name in a) if (a[name] !== undefined && b[name] === undefined) return false;
  return true;
}
