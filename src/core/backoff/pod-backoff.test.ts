import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffDelayMs, EMPTY_BACKOFF, KUBELET_BACKOFF, nextBackoff } from "./backoff.ts";
import { podBackoff } from "./pod-backoff.ts";

function read(fields: { initial?: string; max?: string; factor?: string }) {
  const annotations = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`tskubelet.dev/crash-loop-back-off-${name}`, value]),
  );
  return podBackoff(KUBELET_BACKOFF, { annotations });
}

test("a pod without annotations has the node's curve", () => {
  assert.deepEqual(podBackoff(KUBELET_BACKOFF, undefined), { config: KUBELET_BACKOFF, problems: [] });
});

test("a pod's own curve: first delay, longest delay, and what lies between", () => {
  const { config } = read({ initial: "1s", max: "8s", factor: "3" });
  let state = EMPTY_BACKOFF;
  const delays = [0, 1, 2, 3].map((atMs) => {
    state = nextBackoff(config, state, "k", atMs, atMs);
    return backoffDelayMs(state, "k");
  });
  assert.deepEqual(delays, [1_000, 3_000, 8_000, 8_000]);
});

test("a lower maximum lowers the first delay, a higher first delay raises the maximum that is not set", () => {
  assert.deepEqual(read({ max: "3s" }).config, { initialMs: 3_000, maxMs: 3_000 });
  assert.deepEqual(read({ initial: "10m" }).config, { initialMs: 600_000, maxMs: 600_000 });
});

test("what cannot be used is told and leaves the node's value", () => {
  for (const max of ["", "fast", "30", "0s", "25h", "-1m"]) {
    const { config, problems } = read({ max });
    assert.deepEqual(config, KUBELET_BACKOFF);
    assert.deepEqual(problems, [
      {
        annotation: "tskubelet.dev/crash-loop-back-off-max",
        value: max,
        message: 'must be a duration from "1s" to "24h"',
      },
    ]);
  }
  for (const factor of ["0.5", "11", "two", "1e1"]) assert.equal(read({ factor }).problems.length, 1);
});
