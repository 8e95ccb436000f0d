import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoDurationExact, parseGoDurationExact } from "./go-duration-exact.ts";

function normal(text: string): string {
  const parsed = parseGoDurationExact(text);
  return "error" in parsed ? parsed.error : formatGoDurationExact(parsed.nanoseconds);
}

for (const [text, shown] of [
  ["0", "0s"],
  ["-0", "0s"],
  ["1m30s", "1m30s"],
  ["1.5m", "1m30s"],
  ["+10s", "10s"],
  ["-1m0s", "-1m0s"],
  ["100ms", "100ms"],
  ["1m39.999999999s", "1m39.999999999s"],
  ["1m0.5s", "1m0.5s"],
  ["1h1m1s1ms", "1h1m1.001s"],
  ["1h0.000001ms", "1h0m0.000000001s"],
  [".5h", "30m0s"],
  ["1us", "1µs"],
  ["2562047h47m16.854775807s", "2562047h47m16.854775807s"],
  ["-2562047h47m16.854775808s", "-2562047h47m16.854775808s"],
] as const) {
  test(`"${text}" prints as ${shown}`, () => {
    assert.equal(normal(text), shown);
  });
}

for (const [text, error] of [
  ["", 'time: invalid duration ""'],
  ["-", 'time: invalid duration "-"'],
  ["abc", 'time: invalid duration "abc"'],
  [".s", 'time: invalid duration ".s"'],
  ["10", 'time: missing unit in duration "10"'],
  ["1m 30s", 'time: unknown unit "m " in duration "1m 30s"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  ['1"', 'time: unknown unit "\\"" in duration "1\\""'],
  ["1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
  ["2562047h47m16.854775808s", 'time: invalid duration "2562047h47m16.854775808s"'],
  ["99999999999999999999s", 'time: invalid duration "99999999999999999999s"'],
] as const) {
  test(`"${text}" is refused in Go's words`, () => {
    assert.equal(normal(text), error);
  });
}
