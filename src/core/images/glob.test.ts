import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesGlob } from "./glob.ts";

test("a star is any run of letters, a question mark one, everything else itself", () => {
  const matching = [
    ["*", ""],
    ["*", "quay"],
    ["a*", "abc"],
    ["*c", "abc"],
    ["a*c*e", "abcbcde"],
    ["a?c", "abc"],
    ["", ""],
    ["a**b", "ab"],
  ] as const;
  for (const [pattern, text] of matching) assert.ok(matchesGlob(pattern, text), `${pattern} ${text}`);
  const failing = [
    ["a", "ab"],
    ["a?", "a"],
    ["", "a"],
    ["a*c", "abd"],
    ["*a", "b"],
  ] as const;
  for (const [pattern, text] of failing) assert.ok(!matchesGlob(pattern, text), `${pattern} ${text}`);
});

test("classes have ranges and may be negated; a backslash takes the next letter as it is", () => {
  assert.ok(matchesGlob("[a-c]x", "bx"));
  assert.ok(matchesGlob("[xa-c]", "x"));
  assert.ok(matchesGlob("[\\-]", "-"));
  assert.ok(matchesGlob("[^a-c]", "d"));
  assert.ok(!matchesGlob("[^a-c]", "b"));
  assert.ok(matchesGlob("\\*", "*"));
  assert.ok(!matchesGlob("\\*", "a"));
});

test("a pattern that breaks off matches nothing", () => {
  for (const pattern of ["[", "[a", "[]", "[a-", "[-a]", "a\\"]) assert.ok(!matchesGlob(pattern, "a"), pattern);
});

test("many stars do not make it think long", () => {
  assert.ok(!matchesGlob(`${"a*".repeat(200)}b`, "a".repeat(5_000)));
});
