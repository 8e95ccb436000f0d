import assert from "node:assert/strict";
import { test } from "node:test";
import { returnDelayMs } from "./return-delay.ts";

const MINUTE_MS = 60_000;

for (const [what, agesMs, expected] of [
  ["a pod that was never evicted may come at once", [], 0],
  ["once evicted, it waits 10 s", [0], 10_000],
  ["each further eviction doubles that", [0, MINUTE_MS, 2 * MINUTE_MS], 40_000],
  ["five minutes is the most", Array.from({ length: 9 }, (_, i) => i * MINUTE_MS), 300_000],
  ["what is ten minutes old is forgiven", [0, 10 * MINUTE_MS, 11 * MINUTE_MS], 10_000],
  ["times of the future do not count", [-MINUTE_MS], 0],
] as const) {
  test(what, () => {
    const now = 100 * MINUTE_MS;
    const times = agesMs.map((age) => now - age);
    assert.equal(returnDelayMs(times, now), expected);
  });
}
