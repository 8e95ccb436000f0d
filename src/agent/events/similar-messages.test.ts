import assert from "node:assert/strict";
import { test } from "node:test";
import { SimilarMessages } from "./similar-messages.ts";

function tell(similar: SimilarMessages, kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => similar.toTell(kind, `${index}`, index));
}

test("kinds have nothing to do with each other", () => {
  const similar = new SimilarMessages();
  assert.equal(tell(similar, "one", 11).at(-1), "(combined from similar events): 10");
  assert.equal(similar.toTell("other", "10", 20), "10");
});

test("what is remembered is bounded: the kind that was silent the longest begins anew", () => {
  const similar = new SimilarMessages();
  for (const kind of ["first", "second"]) tell(similar, kind, 10);
  similar.toTell("first", "0", 10);
  for (let index = 0; index < 4_095; index += 1) similar.toTell(`${index}`, "x", 20);
  assert.equal(similar.toTell("first", "y", 30), "(combined from similar events): y");
  assert.equal(similar.toTell("second", "x", 30), "x");
});
