import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "./sha256.ts";

test("the digest is the one that everybody computes, over the ends of blocks", () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
    assert.equal(sha256(bytes), createHash("sha256").update(bytes).digest("hex"), String(length));
  }
});
