import assert from "node:assert/strict";
import { test } from "node:test";
import { COMBINED_PREFIX, combineSimilar, NO_SIMILAR_EVENTS, type SimilarEventsState } from "./similar-events.ts";

function told(messages: readonly string[], stepMs = 1_000, from: SimilarEventsState = NO_SIMILAR_EVENTS) {
  let state = from;
  const seen: string[] = [];
  for (const [index, message] of messages.entries()) {
    const step = combineSimilar(state, { key: "k", message, nowMs: index * stepMs });
    state = step.state;
    seen.push(step.message);
  }
  return { state, seen };
}

const NUMBERS = Array.from({ length: 12 }, (_, index) => `${index}`);

test("ten messages are told one by one, the next ones as one", () => {
  const { seen } = told(NUMBERS);
  assert.deepEqual(seen.slice(0, 10), NUMBERS.slice(0, 10));
  assert.deepEqual(seen.slice(10), [`${COMBINED_PREFIX}10`, `${COMBINED_PREFIX}11`]);
});

test("a message that was told by itself stays itself, however many came since", () => {
  const { state } = told(NUMBERS);
  assert.equal(combineSimilar(state, { key: "k", message: "3", nowMs: 20_000 }).message, "3");
});

test("the same message again and again fills nothing", () => {
  assert.ok(told(Array.from({ length: 50 }, () => "same")).seen.every((message) => message === "same"));
});

test("after ten minutes of silence they are told one by one again", () => {
  const { state } = told(NUMBERS);
  const atMs = 11_000 + 600_000;
  assert.equal(combineSimilar(state, { key: "k", message: "x", nowMs: atMs }).message, `${COMBINED_PREFIX}x`);
  assert.equal(combineSimilar(state, { key: "k", message: "x", nowMs: atMs + 1 }).message, "x");
});

test("events of another kind have nothing to do with it", () => {
  const { state } = told(NUMBERS);
  assert.equal(combineSimilar(state, { key: "other", message: "x", nowMs: 12_000 }).message, "x");
});

test("what is remembered is bounded", () => {
  let state: SimilarEventsState = NO_SIMILAR_EVENTS;
  for (let index = 0; index < 4_100; index += 1) {
    ({ state } = combineSimilar(state, { key: `${index}`, message: "x", nowMs: 0 }));
  }
  assert.equal(state.size, 4_096);
  assert.equal(state.has("0"), false);
  assert.equal(state.has("4099"), true);
});
