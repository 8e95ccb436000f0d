import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";

const pairs: readonly (readonly [string, number, string])[] = [
  ["0", 0, "0s"],
  ["0s", 0, "0s"],
  ["90s", 90e9, "1m30s"],
  ["1m", 60e9, "1m0s"],
  ["1h", 3600e9, "1h0m0s"],
  ["1.5h", 5400e9, "1h30m0s"],
  ["100ms", 100e6, "100ms"],
  ["1.5s", 1.5e9, "1.5s"],
  ["1500us", 1.5e6, "1.5ms"],
  ["10µs", 10e3, "10µs"],
  ["7ns", 7, "7ns"],
  ["-5m", -300e9, "-5m0s"],
  [".5s", 500e6, "500ms"],
  ["1h2m3.25s", 3723.25e9, "1h2m3.25s"],
];

test("a Go duration is read and written as Go does", () => {
  for (const [text, nanoseconds, canonical] of pairs) {
    assert.equal(parseGoDuration(text), nanoseconds, text);
    assert.equal(formatGoDuration(nanoseconds), canonical, text);
  }
});

test("what Go refuses is no duration", () => {
  for (const text of ["", "10", "1 m", "s", "1d", "-", "1m 2s", ".s", "1e3s", "293y", "9223372037s"]) {
    assert.equal(parseGoDuration(text), undefined, JSON.stringify(text));
  }
});
