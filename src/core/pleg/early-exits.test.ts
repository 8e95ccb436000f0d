import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../pod/runtime-status.ts";
import { correctedExits, EARLY_EXIT_LIMIT_MS, pendingExits, withEarlyExits } from "./early-exits.ts";

function pod(...containers: readonly Partial<RuntimeContainerStatus>[]): RuntimePodStatus {
  const containerStatuses = containers.map((container): RuntimeContainerStatus => ({ ...RUNNING, ...container }));
  return { uid: "u", name: "p", namespace: "default", ips: [], sandboxStatuses: [], containerStatuses };
}

const RUNNING: RuntimeContainerStatus = {
  id: "c1",
  name: "c",
  sandboxId: "s",
  state: "CONTAINER_RUNNING",
  createdAtMs: 1,
  startedAtMs: 2_000,
  finishedAtMs: 0,
  exitCode: 0,
  image: "app",
  imageId: "sha256:1",
  reason: "",
  message: "",
  restartCount: 0,
  hash: "h",
};
const KILLED = new Map([["c1", { code: 137, finishedAtMs: 5_000, toldAtMs: 0 }]]);

test("a container whose end was told counts as exited while the runtime still says running", () => {
  const status = withEarlyExits(pod({}, { id: "c2" }), KILLED);
  const [first, second] = status?.containerStatuses ?? [];
  assert.deepEqual(
    [first?.state, first?.exitCode, first?.reason, first?.finishedAtMs],
    ["CONTAINER_EXITED", 137, "Error", 5_000],
  );
  assert.equal(second?.state, "CONTAINER_RUNNING");
});

test("what the runtime says of an exited container wins", () => {
  const observed = pod({ state: "CONTAINER_EXITED", exitCode: 137, reason: "OOMKilled" });
  assert.equal(withEarlyExits(observed, KILLED), observed);
  assert.equal(pendingExits(observed, KILLED, 1).size, 0);
});

test("a runtime that says running long after is believed again", () => {
  assert.equal(pendingExits(pod({}), KILLED, EARLY_EXIT_LIMIT_MS - 1).size, 1);
  assert.equal(pendingExits(pod({}), KILLED, EARLY_EXIT_LIMIT_MS).size, 0);
});

test("an end that came before the start by the runtime's clocks is no earlier than the start", () => {
  const early = new Map([["c1", { code: 0, finishedAtMs: 1_000, toldAtMs: 0 }]]);
  const [container] = withEarlyExits(pod({}), early)?.containerStatuses ?? [];
  assert.deepEqual([container?.finishedAtMs, container?.reason], [2_000, "Completed"]);
});

test("a reason that the runtime tells later is a change, the same words are none", () => {
  const early = withEarlyExits(pod({}), KILLED);
  const later = pod({ state: "CONTAINER_EXITED", exitCode: 137, reason: "OOMKilled", finishedAtMs: 5_000 });
  assert.deepEqual(correctedExits(early, later), ["c1"]);
  assert.deepEqual(correctedExits(early, early), []);
  assert.deepEqual(correctedExits(pod({}), later), []);
});
