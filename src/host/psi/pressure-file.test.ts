import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePressure } from "./pressure-file.ts";

const some = { avg10: 1.5, avg60: 0.25, avg300: 0, totalUs: 3_655 };

test("both lines of a pressure file are read", () => {
  const text = "some avg10=1.50 avg60=0.25 avg300=0.00 total=3655\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n";
  assert.deepEqual(parsePressure(text), { some, full: { avg10: 0, avg60: 0, avg300: 0, totalUs: 9 } });
});

test("a kernel that tells no full stall is understood", () => {
  assert.deepEqual(parsePressure("some avg10=1.50 avg60=0.25 avg300=0.00 total=3655\n"), { some });
});

test("anything else is no pressure, rather than none", () => {
  for (const text of [
    "",
    "some avg10=nan avg60=0.00 avg300=0.00 total=1",
    "garbage\n",
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=9",
  ]) {
    assert.equal(parsePressure(text), undefined, text);
  }
});
