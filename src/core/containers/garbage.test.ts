import assert from "node:assert/strict";
import { test } from "node:test";
import {
  evictContainers,
  evictLogDirectories,
  evictSandboxes,
  evictsDanglingLogLink,
  type GcContainer,
  type GcInput,
} from "./garbage.ts";

const input: GcInput = {
  nowMs: 1000,
  policy: { minAgeMs: 0, maxPerPodContainer: -1, maxContainers: -1 },
  allSourcesReady: true,
  evictNonDeletedPods: false,
  pods: { contentShouldBeRemoved: (uid) => uid === "gone", runtimeShouldBeRemoved: () => false },
};

function dead(id: string, createdAtMs: number, podUid = "u", name = "c"): GcContainer {
  return { id, podUid, name, sandboxId: `s-${podUid}`, state: "CONTAINER_EXITED", createdAtMs };
}

function evicted(containers: readonly GcContainer[], policy: Partial<GcInput["policy"]>, more: Partial<GcInput> = {}) {
  return evictContainers(containers, { ...input, ...more, policy: { ...input.policy, ...policy } }).map(({ id }) => id);
}

test("the oldest go first, and of equal age the same one each time", () => {
  const containers = [dead("b", 5), dead("a", 5), dead("c", 9), dead("d", 1)];
  assert.deepEqual(evicted(containers, { maxPerPodContainer: 2 }), ["d", "b"]);
  assert.deepEqual(evicted(containers.toReversed(), { maxPerPodContainer: 2 }), ["d", "b"]);
});

test("over the total each container keeps an equal share before the oldest of all go", () => {
  const containers = [dead("a1", 1), dead("a2", 2), dead("a3", 3), dead("b1", 4, "u", "b"), dead("x1", 5, "v")];
  assert.deepEqual(evicted(containers, { maxContainers: 3 }), ["a1", "a2"]);
  assert.deepEqual(evicted(containers, { maxContainers: 1 }), ["a1", "a2", "a3", "b1"]);
});

test("a pod that is unknown loses nothing before all sources told their pods", () => {
  const containers = [dead("g", 1, "gone")];
  assert.deepEqual(evicted(containers, {}), ["g"]);
  assert.deepEqual(evicted(containers, {}, { allSourcesReady: false }), []);
  assert.deepEqual(evictLogDirectories(["ns_p_gone"], { ...input, allSourcesReady: false }), []);
});

test("a clock that was set back makes nothing too young to go", () => {
  const containers = [dead("young", 900), dead("old", 500), dead("ahead", 5_000)];
  assert.deepEqual(evicted(containers, { minAgeMs: 300, maxPerPodContainer: 0 }), ["old", "ahead"]);
});

test("a container of unknown state is stopped first", () => {
  const [removal] = evictContainers([{ ...dead("g", 1, "gone"), state: "CONTAINER_UNKNOWN" }], input);
  assert.deepEqual([removal?.stopFirst, removal?.reason], [true, "PodRemoved"]);
});

test("a sandbox stays while a container of it is left", () => {
  const sandbox = { id: "s-gone", podUid: "gone", state: "SANDBOX_NOTREADY" as const, createdAtMs: 1 };
  assert.deepEqual(evictSandboxes([sandbox], [dead("g", 1, "gone")], input), []);
  assert.deepEqual(evictSandboxes([sandbox], [], input), [sandbox]);
});

test("a link that leads nowhere stays while its container lives, for its log may be rotating", () => {
  assert.equal(evictsDanglingLogLink("CONTAINER_RUNNING"), false);
  assert.equal(evictsDanglingLogLink("CONTAINER_EXITED"), true);
  assert.equal(evictsDanglingLogLink("unknown"), true);
});
