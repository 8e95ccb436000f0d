import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import { activeDeadline } from "./deadline.ts";

const START = "2023-11-07T10:00:00Z";
const startMs = Date.parse(START);

function pod(activeDeadlineSeconds?: number, startTime?: string): Pod {
  return {
    spec: { containers: [], ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }) },
    ...(startTime === undefined ? {} : { status: { startTime } }),
  };
}

test("a pod without a deadline or without a start has nothing to exceed", () => {
  assert.equal(activeDeadline(pod(undefined, START), undefined, startMs), undefined);
  assert.equal(activeDeadline(pod(10), undefined, startMs), undefined);
  assert.equal(activeDeadline(pod(10, START), {}, startMs), undefined, "the agent's own status counts");
});

test("the deadline is exceeded at its very second", () => {
  assert.deepEqual(activeDeadline(pod(10, START), undefined, startMs + 9_999), { remainingMs: 1 });
  assert.deepEqual(activeDeadline(pod(10), { startTime: START }, startMs + 10_000), {
    remainingMs: 0,
    exceeded: {
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    },
  });
});
