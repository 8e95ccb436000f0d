import assert from "node:assert/strict";
import { test } from "node:test";
import { goQuote } from "./go-quote.ts";

test("text is quoted as Go's %q quotes it", () => {
  assert.equal(goQuote('a "b" \\ é 漢'), '"a \\"b\\" \\\\ é 漢"');
  assert.equal(goQuote("\t\n\u0007\u0001\u007f"), '"\\t\\n\\a\\x01\\x7f"');
  assert.equal(goQuote("\u200b\u{e0001}\u00a0"), '"\\u200b\\U000e0001\\u00a0"');
});
