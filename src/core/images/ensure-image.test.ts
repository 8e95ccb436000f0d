import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_BACKOFF, KUBELET_BACKOFF } from "../backoff/backoff.ts";
import { concludePull, decidePull, type PullInput } from "./ensure-image.ts";

const input: PullInput = { config: KUBELET_BACKOFF, image: "x", podUid: "u", policy: "IfNotPresent", nowMs: 1_000 };

test("an inspection that fails is a failure of its own, and pulls nothing", () => {
  const decision = decidePull(EMPTY_BACKOFF, input, { error: "no runtime" });
  assert.deepEqual(decision, {
    kind: "failed",
    reason: "ImageInspectError",
    message: 'Failed to inspect image "x": no runtime',
    events: [{ type: "Warning", reason: "InspectFailed", message: 'Failed to inspect image "x": no runtime' }],
  });
});

test("without a policy an image is used where it is, and never pulled", () => {
  const { policy: _, ...rest } = input;
  const unset: PullInput = { ...rest, policy: undefined };
  assert.equal(decidePull(EMPTY_BACKOFF, unset, { imageRef: "sha" }).kind, "ready");
  const missing = decidePull(EMPTY_BACKOFF, unset, { imageRef: "" });
  assert.equal(missing.kind === "failed" && missing.reason, "ErrImageNeverPull");
});

test("a failure says when the next pull may happen", () => {
  const { state, outcome } = concludePull(EMPTY_BACKOFF, input, { error: "gone", registryUnavailable: false });
  assert.equal(outcome.kind === "failed" && outcome.retryAtMs, 11_000);
  const waiting = decidePull(state, { ...input, nowMs: 5_000 }, { imageRef: "" });
  assert.equal(waiting.kind === "failed" && waiting.retryAtMs, 11_000);
  assert.equal(decidePull(state, { ...input, nowMs: 11_000 }, { imageRef: "" }).kind, "pull");
});

test("a success tells how long it took, with and without the wait", () => {
  const { outcome } = concludePull(EMPTY_BACKOFF, input, { imageRef: "sha", pullMs: 1_500.7, totalMs: 62_000 });
  assert.equal(outcome.events[0]?.message, 'Successfully pulled image "x" in 1.5s (1m2s including waiting)');
});
