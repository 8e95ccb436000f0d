import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeText } from "./size-text.ts";

test("sizes have three digits and decimal units", () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 300e6, 5e15].map(sizeText), [
    "0B",
    "999B",
    "1kB",
    "1.23MB",
    "300MB",
    "5000TB",
  ]);
});
