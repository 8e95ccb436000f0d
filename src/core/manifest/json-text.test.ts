import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJson } from "./json-text.ts";
import { toGoJson, toPlain } from "./plain.ts";

function read(text: string): unknown {
  const node = parseJson(text);
  return "error" in node ? node.error : toPlain(node);
}

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    for (const text of ['{"a":[1,-0.5e+3,"x\\u00e4\\n",true,null,{}]}', "[]", " 0 ", '"\\ud83d\\ude00"']) {
      assert.deepEqual(read(text), JSON.parse(text));
    }
  });

  it("refuses with Go's words", () => {
    const faults: readonly (readonly [string, string])[] = [
      ["", "unexpected end of JSON input"],
      ['{"a":1', "unexpected end of JSON input"],
      ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
      ['{"a" 1}', "invalid character '1' after object key"],
      ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
      ["[1 2]", "invalid character '2' after array element"],
      ["[1,]", "invalid character ']' looking for beginning of value"],
      ["{} x", "invalid character 'x' after top-level value"],
      ['"\\q"', "invalid character 'q' in string escape code"],
      ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
      ['"a\nb"', "invalid character '\\n' in string literal"],
      ["nul!", "invalid character '!' in literal null (expecting 'l')"],
      ["-x", "invalid character 'x' in numeric literal"],
      ["1.x", "invalid character 'x' after decimal point in numeric literal"],
      ["1e+x", "invalid character 'x' in exponent of numeric literal"],
      ["01", "invalid character '1' after top-level value"],
      ["'", "invalid character '\\'' looking for beginning of value"],
    ];
    for (const [text, words] of faults) assert.equal(read(text), words, text);
  });

  it("counts lines of values and keys", () => {
    const node = parseJson('{\n"a":\n[1,\n2]}');
    assert.ok("kind" in node && node.kind === "map");
    const [entry] = node.entries;
    assert.ok(entry?.value.kind === "list");
    assert.deepEqual([entry.line, entry.value.line, entry.value.items[1]?.line], [2, 3, 4]);
  });

  it("writes back as Go does: numbers as they were, HTML and control characters escaped", () => {
    const node = parseJson('{"b":1.0,"a":"<&>\\b\\u2028\\\\b"}');
    assert.ok("kind" in node);
    assert.equal(toGoJson(node), '{"b":1.0,"a":"\\u003c\\u0026\\u003e\\u0008\\u2028\\\\b"}');
  });
});
