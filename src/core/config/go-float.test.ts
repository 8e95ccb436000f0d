import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGoFloat32 } from "./go-float.ts";

function read(text: string): number | string {
  const parsed = parseGoFloat32(text);
  return "error" in parsed ? parsed.error : parsed.value;
}

for (const [text, value] of [
  ["5", 5],
  ["5.", 5],
  [".5", 0.5],
  ["+1e2", 100],
  ["0.1", Math.fround(0.1)],
  ["1_23.5_0", 123.5],
  ["0x1p-2", 0.25],
  ["0X_1.8P+1", 3],
  ["0x.8p1", 1],
  ["-0x10p0", -16],
  ["0x0p99999", 0],
  ["1e-60", 0],
  ["nAn", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
] as const) {
  test(`"${text}" is the single-precision number that Go reads`, () => {
    assert.equal(read(text), value);
  });
}

for (const text of [
  "",
  "5 ",
  "1,5",
  ".",
  "e5",
  "1e",
  "0x1",
  "0x",
  "0xp1",
  "_1",
  "1_",
  "1__2",
  "1_.5",
  "-nan",
  "infin",
]) {
  test(`"${text}" is no number in Go`, () => {
    assert.equal(read(text), `strconv.ParseFloat: parsing "${text}": invalid syntax`);
  });
}

test("a number beyond single precision is out of range", () => {
  assert.equal(read("1e39"), 'strconv.ParseFloat: parsing "1e39": value out of range');
  assert.equal(read("-0x1p128"), 'strconv.ParseFloat: parsing "-0x1p128": value out of range');
});
