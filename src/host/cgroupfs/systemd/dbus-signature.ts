/** One complete type of a D-Bus signature ("s", "a(sv)", "(uos)"). */
export type DbusType =
  | { readonly is: "basic"; readonly code: BasicCode }
  | { readonly is: "variant" }
  | { readonly is: "array"; readonly of: DbusType }
  | { readonly is: "struct"; readonly fields: readonly DbusType[] };

export type BasicCode = "y" | "b" | "n" | "q" | "i" | "u" | "x" | "t" | "d" | "s" | "o" | "g" | "h";

const basicCodes: ReadonlySet<string> = new Set("ybnqiuxtdsogh");

function isBasic(code: string): code is BasicCode {
  return basicCodes.has(code);
}

/** The types of a signature, in their order. Throws for a text that is no signature. */
export function parseSignature(signature: string): readonly DbusType[] {
  const types: DbusType[] = [];
  let at = 0;
  while (at < signature.length) {
    const [type, next] = parseType(signature, at);
    types.push(type);
    at = next;
  }
  return types;
}

function parseType(signature: string, at: number): readonly [DbusType, number] {
  const code = signature[at] ?? "";
  if (isBasic(code)) return [{ is: "basic", code }, at + 1];
  if (code === "v") return [{ is: "variant" }, at + 1];
  if (code === "a") {
    const [of, next] = parseType(signature, at + 1);
    return [{ is: "array", of }, next];
  }
  const close = code === "(" ? ")" : code === "{" ? "}" : undefined;
  if (close === undefined) throw new Error(`not a D-Bus signature: ${signature}`);
  const fields: DbusType[] = [];
  let next = at + 1;
  while (signature[next] !== close) {
    const [field, after] = parseType(signature, next);
    fields.push(field);
    next = after;
  }
  return [{ is: "struct", fields }, next + 1];
}

/** Where a value of the type begins: at a multiple of this many bytes. */
export function alignmentOf(type: DbusType): number {
  if (type.is === "variant") return 1;
  if (type.is === "array") return 4;
  if (type.is === "struct") return 8;
  if ("ygv".includes(type.code)) return 1;
  if ("nq".includes(type.code)) return 2;
  return "xtd".includes(type.code) ? 8 : 4;
}
