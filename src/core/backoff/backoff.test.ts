import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffDelayMs, EMPTY_BACKOFF, isInBackoffSinceUpdate, KUBELET_BACKOFF, nextBackoff } from "./backoff.ts";
import { restartBackoff } from "./restart-backoff.ts";

test("no step changes the state it was given", () => {
  const first = nextBackoff(KUBELET_BACKOFF, EMPTY_BACKOFF, "k", 0, 0);
  const second = nextBackoff(KUBELET_BACKOFF, first, "k", 1, 1);
  assert.equal(backoffDelayMs(EMPTY_BACKOFF, "k"), 0);
  assert.equal(backoffDelayMs(first, "k"), 10_000);
  assert.equal(backoffDelayMs(second, "k"), 20_000);
});

test("names of object members are no keys", () => {
  assert.equal(backoffDelayMs(EMPTY_BACKOFF, "constructor"), 0);
  assert.equal(isInBackoffSinceUpdate(KUBELET_BACKOFF, EMPTY_BACKOFF, "toString", 0), false);
});

test("a waiting container says when its back-off is over, and a changed spec starts at once", () => {
  const exited = {
    id: "c",
    name: "a",
    sandboxId: "s",
    state: "CONTAINER_EXITED",
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 5_000,
    exitCode: 1,
    image: "",
    imageId: "",
    reason: "Error",
    message: "",
    restartCount: 0,
    hash: "1",
  } as const;
  const input = {
    config: KUBELET_BACKOFF,
    pod: { metadata: { name: "p", namespace: "d", uid: "u" } },
    containerName: "a",
    containerHash: "1",
    podStatus: { containerStatuses: [exited] },
  };
  const first = restartBackoff(EMPTY_BACKOFF, { ...input, nowMs: 5_000 });
  assert.equal(first.kind, "start");
  const second = restartBackoff(first.state, { ...input, nowMs: 6_000 });
  assert.equal(second.kind === "wait" && second.untilMs, 15_000);
  assert.equal(second.state, first.state);
  assert.equal(restartBackoff(first.state, { ...input, containerHash: "2", nowMs: 6_000 }).kind, "start");
});
