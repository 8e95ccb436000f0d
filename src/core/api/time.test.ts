import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTime, parseTime } from "./time.ts";

test("times have whole seconds, rounded down", () => {
  assert.equal(formatTime(Date.parse("2026-03-01T23:59:59.999Z")), "2026-03-01T23:59:59Z");
  assert.equal(formatTime(-1), "1969-12-31T23:59:59Z");
});

test("days that follow each other are told apart, in either order", () => {
  const midnight = Date.parse("2026-03-01T00:00:00Z");
  const texts = [midnight, midnight - 1000, midnight + 3_661_000, midnight - 1000].map(formatTime);
  assert.deepEqual(texts, [
    "2026-03-01T00:00:00Z",
    "2026-02-28T23:59:59Z",
    "2026-03-01T01:01:01Z",
    "2026-02-28T23:59:59Z",
  ]);
});

test("what is written is read again; no text is no time", () => {
  assert.equal(parseTime(formatTime(1_767_225_600_000)), 1_767_225_600_000);
  assert.equal(parseTime(undefined), undefined);
  assert.equal(parseTime("yesterday"), undefined);
});
