import assert from "node:assert/strict";
import { test } from "node:test";
import { goQuote, goQuoteBytes } from "./go-quote.ts";

test("text is quoted as Go's %q quotes it", () => {
  assert.equal(goQuote('a "b" \\ é 漢'), '"a \\"b\\" \\\\ é 漢"');
  assert.equal(goQuote("\t\n\u0007\u0001\u007f"), '"\\t\\n\\a\\x01\\x7f"');
  assert.equal(goQuote("\u200b\u{e0001}\u00a0"), '"\\u200b\\U000e0001\\u00a0"');
});

test("bytes are quoted as their text, and one by one where they are no UTF-8", () => {
  assert.equal(goQuoteBytes(new TextEncoder().encode('"é€😀\ufeff\n')), '"\\"é€😀\\ufeff\\n"');
  assert.equal(goQuoteBytes(Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82)), '"a\\xff\\xc3(\\xe2\\x82"');
});
