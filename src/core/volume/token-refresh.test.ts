import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenRefreshAtMs } from "./token-refresh.ts";

test("a token is replaced after four fifths of its life, and after a day at the latest", () => {
  const hour = 3_600_000;
  assert.equal(tokenRefreshAtMs(1_000, 601_000), 481_000);
  assert.equal(tokenRefreshAtMs(0, 10 * hour), 8 * hour);
  assert.equal(tokenRefreshAtMs(0, 365 * 24 * hour), 24 * hour);
});
