import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeStruct } from "./encode-struct.ts";
import type { GoType } from "./go-type.ts";
import { parseJson } from "./json-text.ts";
import type { ManifestNode } from "./manifest-node.ts";
import { readStaticPods } from "./static-manifest.ts";
import { fieldsOf } from "./struct-types.ts";

const SOURCE = { nodeName: "node", location: "/manifests/a.json", isFile: true };
const HOSTILE = [
  "null",
  "true",
  "-1",
  "1.5",
  "9223372036854775807",
  "1e400",
  "1e-2000000000",
  '""',
  '"\\u0000\\ud800"',
  '"-9999999999999999999999Ei"',
  '"1e2147483647"',
  `"${"a".repeat(300)}"`,
  '"../..//x:y=z"',
  "[null]",
  "[[]]",
  '["", ""]',
  "{}",
  '{"": ""}',
  '{"__proto__": null, "constructor": {}}',
];

/** JSON texts of a pod, each with `hole` in the place of another field. */
function* holes(type: GoType, around: (value: string) => string): Generator<(value: string) => string> {
  yield around;
  if (type.kind === "list") yield* holes(type.item.type, (value) => around(`[${value}]`));
  if (type.kind === "map") yield* holes(type.value.type, (value) => around(`{"cpu": ${value}}`));
  if (type.kind !== "struct") return;
  for (const [name, field] of fieldsOf(type.struct)) {
    const identity = fieldsOf(type.struct).has("name") && name !== "name" ? '"name": "a", ' : "";
    yield* holes(field.type, (value) => around(`{${identity}"${name}": ${value}}`));
  }
}

function documentWith(name: string, value: string): string {
  const parts: Record<string, string> = {
    metadata: '{"name": "a"}',
    spec: '{"containers": [{"name": "a", "image": "b"}]}',
    [name]: value,
  };
  const fields = Object.entries(parts).map(([key, part]) => `"${key}": ${part}`);
  return `{"apiVersion": "v1", "kind": "Pod", ${fields.join(", ")}}`;
}

function node(text: string): ManifestNode {
  const parsed = parseJson(text);
  assert.ok(!("error" in parsed), text);
  return parsed;
}

describe("a static pod with a hostile value in any of its fields", () => {
  it("is read or refused with words, never with an exception", () => {
    let read = 0;
    for (const [name, field] of fieldsOf("Pod")) {
      if (name === "kind" || name === "apiVersion") continue;
      for (const hole of holes(field.type, (value) => documentWith(name, value))) {
        for (const value of HOSTILE) {
          const result = readStaticPods(node(hole(value)), SOURCE);
          read += 1;
          if ("pods" in result) for (const pod of result.pods) JSON.stringify(encodeStruct(pod, "Pod"));
          else assert.notEqual(result.error, "", hole(value));
        }
      }
    }
    assert.ok(read > 10_000, `only ${read} documents`);
  });

  it("is refused where the value's type is not the field's", () => {
    for (const wrong of ["true", "{}", "[]", "5"]) {
      const text = documentWith("spec", `{"containers": [{"name": "a", "image": ${wrong}}]}`);
      const result = readStaticPods(node(text), SOURCE);
      assert.ok("error" in result && result.error.startsWith("json: cannot unmarshal"), wrong);
    }
  });
});
