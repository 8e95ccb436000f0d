import assert from "node:assert/strict";
import { test } from "node:test";
import { fullBucket, type PullBucket, takePull } from "./pull-rate.ts";

const rate = { perSecond: 5, burst: 3 };

function take(bucket: PullBucket, ...timesMs: readonly number[]): readonly boolean[] {
  let current = bucket;
  return timesMs.map((nowMs) => {
    const taken = takePull(rate, current, nowMs);
    current = taken.bucket;
    return taken.accepted;
  });
}

test("a burst is let through, then one pull for each fifth of a second", () => {
  const times = [1000, 1000, 1000, 1000, 1199, 1200, 1300, 1400];
  assert.deepEqual(take(fullBucket(rate, 1000), ...times), [true, true, true, false, false, true, false, true]);
});

test("a long pause gives no more than the burst", () => {
  const times = [60_000, 60_000, 60_000, 60_000];
  assert.deepEqual(take({ tokens: 0, atMs: 0 }, ...times), [true, true, true, false]);
});
