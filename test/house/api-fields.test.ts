import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fieldsOf, STRUCTS } from "../../src/core/manifest/struct-types.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Written by an API server alone, or another kind of list. */
const NOT_DECODED = ["ListMeta.shardInfo"];

/** `Struct.field` of every interface that a file of types declares, those of an augmented module too. */
function declaredFields(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [...text.matchAll(/^( *)(?:export )?interface (\w+) \{\n([\s\S]*?)^\1\}$/gm)].flatMap(
    ([, indent = "", struct = "", body = ""]) => {
      const fields = body.matchAll(new RegExp(`^${indent} +"?(\\w+)"?\\??:`, "gm"));
      return Array.from(fields, ([, field]) => `${struct}.${field}`);
    },
  );
}

function missing(fields: readonly string[]): readonly string[] {
  return fields.filter((name) => {
    const [struct = "", field = ""] = name.split(".");
    return struct in STRUCTS && !fieldsOf(struct).has(field) && !NOT_DECODED.includes(name);
  });
}

test("the decoder knows every field that the API's types have", () => {
  for (const path of ["core", "meta"].map((group) => `node_modules/kubernetes-types/${group}/v1.d.ts`)) {
    const fields = declaredFields(path);
    assert.ok(fields.length > 50, path);
    assert.deepEqual(missing(fields), []);
  }
});

test("the decoder knows every field that the API got later", () => {
  const fields = declaredFields("src/core/api/newer-fields.ts");
  assert.ok(fields.includes("PodSpec.hostnameOverride"));
  assert.deepEqual(missing(fields), []);
});

test("a field that the decoder does not know is found", () => {
  assert.deepEqual(missing(["Pod.spec", "Pod.nonsense", "Unheard.of"]), ["Pod.nonsense"]);
});
