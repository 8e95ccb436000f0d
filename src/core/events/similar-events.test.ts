import assert from "node:assert/strict";
import { test } from "node:test";
import { COMBINED_PREFIX, combineSimilar, type SimilarEvents } from "./similar-events.ts";

function told(messages: readonly string[], stepMs = 1_000) {
  let similar: SimilarEvents | undefined;
  const seen: string[] = [];
  for (const [index, message] of messages.entries()) {
    const step = combineSimilar(similar, { message, nowMs: index * stepMs });
    similar = step.similar;
    seen.push(step.message);
  }
  return { similar, seen };
}

const NUMBERS = Array.from({ length: 12 }, (_, index) => `${index}`);

test("ten messages are told one by one, the next ones as one", () => {
  const { seen } = told(NUMBERS);
  assert.deepEqual(seen.slice(0, 10), NUMBERS.slice(0, 10));
  assert.deepEqual(seen.slice(10), [`${COMBINED_PREFIX}10`, `${COMBINED_PREFIX}11`]);
});

test("a message that was told by itself stays itself, however many came since", () => {
  assert.equal(combineSimilar(told(NUMBERS).similar, { message: "3", nowMs: 20_000 }).message, "3");
});

test("the same message again and again fills nothing", () => {
  assert.ok(told(Array.from({ length: 50 }, () => "same")).seen.every((message) => message === "same"));
});

test("after ten minutes of silence they are told one by one again", () => {
  const { similar } = told(NUMBERS);
  const atMs = 11_000 + 600_000;
  assert.equal(combineSimilar(similar, { message: "x", nowMs: atMs }).message, `${COMBINED_PREFIX}x`);
  assert.equal(combineSimilar(similar, { message: "x", nowMs: atMs + 1 }).message, "x");
});
