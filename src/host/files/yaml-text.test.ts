import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toPlain } from "../../core/manifest/plain.ts";
import { documentsFor, readDocuments, readFirstDocument } from "./manifest-text.ts";
import { parseYaml } from "./yaml-text.ts";

function plain(text: string): readonly unknown[] {
  return parseYaml(text).map((document) => ("error" in document ? document.error : toPlain(document)));
}

describe("parseYaml", () => {
  it("refuses a text that would take minutes and gigabytes, before it takes them", () => {
    const [document] = parseYaml(`a:\n${"- b: c\n".repeat(1_200_000)}`);
    assert.deepEqual(document, { error: "yaml: too many values for one file: more than 400000 tokens", line: 44_446 });
    const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - name: a\n    image: b\n";
    assert.equal(parseYaml(`${pod}---\n`.repeat(2_000)).length, 2_001);
    assert.deepEqual(plain(`a: |\n${"  some text\n".repeat(300_000)}`)[0], { a: "some text\n".repeat(300_000) });
  });

  it("reads all documents, the empty ones as null", () => {
    assert.deepEqual(plain("a: 1\n---\n# nothing\n---\nb: 2\n"), [{ a: 1 }, null, { b: 2 }]);
    assert.deepEqual(plain(""), []);
  });

  it("keeps quoted and tagged texts, decodes binary, reads plain scalars as YAML 1.1", () => {
    const text = "a: 'yes'\nb: yes\nc: !!str 5\nd: !!binary aGk=\ne: |\n  1\nf: 0o10\n";
    assert.deepEqual(plain(text), [{ a: "yes", b: true, c: "5", d: "hi", e: "1\n", f: 8 }]);
  });

  it("lets the last of equal keys win but remembers that there were two", () => {
    const [document] = parseYaml("a: 1\nb: 2\na: 3\n");
    assert.ok(document !== undefined && "kind" in document && document.kind === "map");
    assert.deepEqual(toPlain(document), { a: 3, b: 2 });
    assert.deepEqual(document.repeated, [{ key: "a", line: 3 }]);
  });

  it("merges as the reference does: of a list the first wins, and a merge replaces keys written before it", () => {
    const text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  a: 0\n  <<: [*x, *y]\n  c: 3\n";
    assert.deepEqual((plain(text)[0] as { readonly z: unknown }).z, { a: 1, b: 1, c: 3 });
  });

  it("gives lines of values across documents", () => {
    const [, second] = parseYaml("a: 1\n---\n\nb:\n  - c: x\n");
    assert.ok(second !== undefined && "kind" in second && second.kind === "map");
    const [entry] = second.entries;
    assert.ok(entry?.value.kind === "list");
    assert.deepEqual([entry.line, entry.value.items[0]?.line], [4, 5]);
  });

  it("keeps the good documents of a text in which one is bad", () => {
    assert.deepEqual(plain("a: 1\n---\nb: [\n---\nc: 3\n")[0], { a: 1 });
  });

  it("refuses with a line and words", () => {
    const faults: readonly (readonly [string, RegExp])[] = [
      ["a:\n\tb: 1", /^yaml: line 2: found character that cannot start any token$/],
      ["x: 1\na: b: c", /^yaml: line 2: mapping values are not allowed in this context$/],
      ["a: *b", /^yaml: unknown anchor 'b' referenced$/],
      ["a: &a [*a]", /^yaml: anchor 'a' value contains itself$/],
      ["a: !!int x", /^yaml: cannot decode !!string `x` as a !!int$/],
      ["a: \u0001", /^yaml: control characters are not allowed$/],
      ["<<: 5", /^yaml: map merge requires map or sequence of maps as the value$/],
      ["? {a: b}\n: c", /^yaml: Unsupported map key/],
      ["a: .inf", /^json: unsupported value: \+Inf$/],
    ];
    for (const [text, words] of faults) assert.match(String(plain(text)[0]), words, text);
  });
});

describe("documentsFor", () => {
  it("takes all documents of a standalone manifest, only the first of a static pod's file", () => {
    const text = "a: 1\n---\nb: [\n";
    assert.equal(documentsFor("manifests", text).length, 2);
    assert.deepEqual(
      documentsFor("file", text).map((document) => "error" in document),
      [false],
    );
  });

  it("takes flow YAML for JSON only where the reference does", () => {
    const text = " {a: 1}";
    assert.ok(documentsFor("manifests", text).every((document) => "kind" in document));
    const [document] = documentsFor("http", text);
    assert.ok(document !== undefined && "error" in document);
    assert.match(document.error, /^couldn't get version\/kind; json parse error: invalid character 'a'/);
  });
});

describe("a hostile text", () => {
  it("full of aliases of aliases is refused without being written out", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 30; level += 1) {
      lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(8)}*a${level - 1}]`);
    }
    assert.deepEqual(plain(lines.join("\n")), ["yaml: document contains excessive aliasing"]);
  });

  it("nested very deeply is refused, as YAML, as JSON and through aliases", () => {
    const depth = 20_000;
    const nested: readonly string[] = [
      `${"[".repeat(depth)}${"]".repeat(depth)}`,
      `a: ${'{"a": '.repeat(depth)}1${"}".repeat(depth)}`,
      '{"a": '.repeat(depth),
      "- ".repeat(depth),
      Array.from({ length: 5000 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
      ["a0: &a0 x", ...Array.from({ length: 3000 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]`)].join("\n"),
    ];
    for (const text of nested) {
      const document = readFirstDocument(text);
      assert.ok("error" in document, text.slice(0, 20));
      assert.ok(readDocuments(text).some((found) => "error" in found));
    }
  });

  it("of random bytes or a mangled manifest never throws", () => {
    const manifest =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: &n web}\nspec:\n  containers:\n  - name: *n\n    image: 'x'\n";
    let seed = 1;
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed % limit;
    };
    const letters = "{}[]:,-&*!|>'\"%@`#?~ \t\n\r\u0000\u00e9\ud800<";
    for (let round = 0; round < 2000; round += 1) {
      const at = random(manifest.length);
      const length = random(4);
      const noise = Array.from({ length: random(4) }, () => letters.charAt(random(letters.length))).join("");
      const text = manifest.slice(0, at) + noise + manifest.slice(at + length);
      for (const document of readDocuments(text)) assert.ok("error" in document || "kind" in document);
    }
  });
});
