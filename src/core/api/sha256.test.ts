import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./sha256.ts";

test("the digests of the standard's examples, and of texts around the length of a block", () => {
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(
    sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  const digests = [55, 56, 63, 64, 65].map((length) => sha256("a".repeat(length)).slice(0, 8));
  assert.deepEqual(digests, ["9f4390f8", "b35439a4", "7d3e74a0", "ffe054fe", "635361c4"]);
});
