import assert from "node:assert/strict";
import { test } from "node:test";
import { killGrace, stopSeconds } from "./grace-period.ts";

test("an override replaces the pod's own grace, also for its pre-stop hook", () => {
  assert.deepEqual(killGrace({ graceSeconds: 30, hasPreStopHook: true }), { totalSeconds: 30, preStopSeconds: 30 });
  assert.deepEqual(killGrace({ graceSeconds: 30, overrideSeconds: 1, hasPreStopHook: true }), {
    totalSeconds: 1,
    preStopSeconds: 1,
  });
});

test("without any time left the hook does not run", () => {
  assert.deepEqual(killGrace({ graceSeconds: 30, overrideSeconds: 0, hasPreStopHook: true }), { totalSeconds: 0 });
});

test("whatever the hook took, the container has two seconds", () => {
  assert.equal(stopSeconds(30, 5), 25);
  assert.equal(stopSeconds(30, 29), 2);
  assert.equal(stopSeconds(0, 0), 2);
});
