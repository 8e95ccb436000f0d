import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { md5 } from "./md5.ts";

describe("md5", () => {
  it("gives the digests of RFC 1321, at every length around a block's end", () => {
    for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + 3) & 255);
      assert.equal(md5(bytes), createHash("md5").update(bytes).digest("hex"), `${length} bytes`);
    }
  });
});
