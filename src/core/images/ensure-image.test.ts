import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_BACKOFF, KUBELET_BACKOFF } from "../backoff/backoff.ts";
import { concludePull, decidePull, joinedErrors, type PullInput } from "./ensure-image.ts";

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
  const { state, outcome } = concludePull(EMPTY_BACKOFF, input, { error: "gone" });
  assert.equal(outcome.kind === "failed" && outcome.retryAtMs, 11_000);
  const waiting = decidePull(state, { ...input, nowMs: 5_000 }, { imageRef: "" });
  assert.equal(waiting.kind === "failed" && waiting.retryAtMs, 11_000);
  assert.equal(decidePull(state, { ...input, nowMs: 11_000 }, { imageRef: "" }).kind, "pull");
});

test("a success tells how long it took, with and without the wait", () => {
  const { outcome } = concludePull(EMPTY_BACKOFF, input, { imageRef: "sha", pullMs: 1_500.7, totalMs: 62_000 });
  assert.equal(outcome.events[0]?.message, 'Successfully pulled image "x" in 1.5s (1m2s including waiting)');
});

test("a success tells the image's size where the runtime knows it", () => {
  const result = { imageRef: "sha", pullMs: 1_500, totalMs: 1_500, sizeBytes: 4_194_304 };
  const [event] = concludePull(EMPTY_BACKOFF, input, result).outcome.events;
  const took = "1.5s (1.5s including waiting)";
  assert.equal(event?.message, `Successfully pulled image "x" in ${took}. Image size: 4194304 bytes.`);
});

test("while a pull waits it is told what the last one failed with; the event stays the same", () => {
  const { state } = concludePull(EMPTY_BACKOFF, input, { error: "401 Unauthorized" });
  const lastFailure = "ErrImagePull: 401 Unauthorized";
  const waiting = decidePull(state, { ...input, nowMs: 5_000, lastFailure }, { imageRef: "" });
  assert.ok(waiting.kind === "failed");
  assert.equal(waiting.message, `Back-off pulling image "x": ${lastFailure}`);
  assert.equal(waiting.events[0]?.message, 'Back-off pulling image "x"');
});

test("an image that this pod may not use is as good as absent", () => {
  const denied = { imageRef: "sha", access: "denied" } as const;
  assert.equal(decidePull(EMPTY_BACKOFF, input, denied).kind, "pull");
  const never = decidePull(EMPTY_BACKOFF, { ...input, policy: "Never" }, denied);
  assert.equal(never.kind === "failed" && never.reason, "ErrImageNeverPull");
  const granted = decidePull(EMPTY_BACKOFF, input, { imageRef: "sha", access: "granted" });
  assert.ok(granted.kind === "ready");
  assert.equal(
    granted.events[0]?.message,
    'Container image "x" already present on machine and can be accessed by the pod',
  );
});

test("causes that CRI names are reasons of their own, with what else the runtime says", () => {
  const failure = (error: string) => {
    const { outcome } = concludePull(EMPTY_BACKOFF, input, { error });
    return outcome.kind === "failed" ? `${outcome.reason} / ${outcome.message}` : outcome.kind;
  };
  assert.equal(
    failure("RegistryUnavailable: 503"),
    "RegistryUnavailable / image pull failed for x because the registry is unavailable: 503",
  );
  assert.equal(
    failure("SignatureValidationFailed"),
    "SignatureValidationFailed / image pull failed for x because the signature validation failed.",
  );
});

test("errors of several attempts are told once each", () => {
  assert.equal(joinedErrors(["a"]), "a");
  assert.equal(joinedErrors(["a", "b", "a"]), "[a, b]");
});
