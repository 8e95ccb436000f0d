import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeRuntime, labelsOf } from "../../../test/support/fakes-runtime.ts";
import { groupByPod } from "../../core/pleg/pod-observation.ts";
import { HostError, RuntimeError } from "../../ports/errors.ts";
import { PodCache } from "./pod-cache.ts";

function world() {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const files = new FakeFiles();
  const published: string[] = [];
  const cache = new PodCache({ clock, log: new FakeLog(), runtime: runtime.service, files }, (uid) =>
    published.push(uid),
  );
  const addPod = (uid: string, container = `c-${uid}`) => {
    runtime.addSandbox(`s-${uid}`, labelsOf(uid));
    runtime.containers.set(container, containerOfPod(uid, container, "main"));
  };
  /** A full list as the relist hands it over: asked at `startedAt`. */
  const relist = (startedAt: number, rows = runtime) =>
    cache.takeRelist(groupByPod([...rows.sandboxes.values()], [...rows.containers.values()]), startedAt);
  const stateOf = (uid: string, id: string) => cache.peek(uid)?.containerStatuses.find((each) => each.id === id)?.state;
  return { clock, runtime, files, published, cache, addPod, relist, stateOf };
}

test("what is known is told without asking, something newer is asked for", async () => {
  const { clock, runtime, cache, addPod } = world();
  addPod("a");
  const asked = clock.monotonic();
  await cache.observe("a", asked);
  const reads = runtime.reads.length;
  await cache.observe("a", asked - 1);
  assert.equal(runtime.reads.length, reads);
  await clock.pass(10);
  await cache.observe("a", clock.monotonic());
  assert.equal(runtime.reads.length, reads + 2, "both lists again, but no status of what did not change");
});

test("one observation of a pod at a time: who needs a newer one waits for the next, and all of them share it", async () => {
  const { clock, runtime, cache, addPod } = world();
  addPod("a");
  const gate = runtime.hold("listContainers");
  const first = cache.observe("a", clock.monotonic());
  await clock.pass(10);
  const later = [cache.observe("a", clock.monotonic()), cache.observe("a", clock.monotonic())];
  await settle();
  assert.equal(runtime.reads.filter((read) => read === "listContainers a").length, 1);
  await clock.pass(1);
  gate.open();
  await Promise.all([first, ...later]);
  assert.equal(runtime.reads.filter((read) => read === "listContainers a").length, 2);
});

test("a pod whose observation hangs holds up no other, and fails alone", async () => {
  const { clock, runtime, cache, addPod } = world();
  addPod("a");
  addPod("b");
  const gate = runtime.hold("containerStatus", "c-a");
  const slow = cache.observe("a", clock.monotonic());
  assert.equal((await cache.observe("b", clock.monotonic()))?.uid, "b");
  runtime.fail("containerStatus", new RuntimeError("DeadlineExceeded", "ContainerStatus", "too late"));
  gate.open();
  assert.equal((await slow)?.uid, "a");
  await clock.pass(1);
  runtime.exit("c-a", 0);
  await assert.rejects(cache.observe("a", clock.monotonic()), { code: "DeadlineExceeded" });
  assert.equal(cache.peek("a")?.containerStatuses[0]?.state, "CONTAINER_RUNNING", "what was known stays");
});

test("a list counts from when it was asked for, not from when it was answered", async () => {
  const { clock, runtime, cache, addPod } = world();
  const listedAt = clock.monotonic();
  addPod("a", "c1");
  const before = groupByPod([...runtime.sandboxes.values()], [...runtime.containers.values()]);
  await clock.pass(100);
  // Meanwhile a second container was started; the list that is on its way does not know it.
  runtime.containers.set("c2", { ...containerOfPod("a", "c2", "other"), createdAtMs: 2 });
  const actedAt = clock.monotonic();
  await clock.pass(50);
  cache.takeRelist(before, listedAt);
  const status = await cache.observe("a", actedAt);
  assert.deepEqual(status?.containerStatuses.map(({ id }) => id).sort(), ["c1", "c2"]);
});

test("a list tells of changes and of pods that went, but not over what was observed after it was asked for", async () => {
  const { clock, runtime, cache, addPod, relist, published, stateOf } = world();
  addPod("a");
  addPod("b");
  await clock.pass(1);
  relist(clock.monotonic());
  await settle();
  assert.deepEqual(
    [published.sort(), cache.uids().toSorted()],
    [
      ["a", "b"],
      ["a", "b"],
    ],
  );
  await clock.pass(1);
  const asked = clock.monotonic();
  const old = groupByPod([...runtime.sandboxes.values()], [...runtime.containers.values()]);
  await clock.pass(1);
  runtime.exit("c-a", 1);
  await cache.observe("a", clock.monotonic());
  cache.takeRelist(old, asked);
  await settle();
  assert.equal(stateOf("a", "c-a"), "CONTAINER_EXITED");
  runtime.sandboxes.delete("s-b");
  runtime.containers.delete("c-b");
  await clock.pass(1);
  relist(clock.monotonic());
  assert.deepEqual(cache.uids(), ["a"]);
});

test("an event is followed until the runtime's status agrees with it, and not for ever", async () => {
  const { clock, runtime, cache, addPod, stateOf } = world();
  addPod("a");
  await cache.observe("a", clock.monotonic());
  cache.onEvent("a", { kind: "stopped", containerId: "c-a", timestampMs: 0 });
  await clock.pass(20);
  assert.equal(stateOf("a", "c-a"), "CONTAINER_RUNNING");
  runtime.exit("c-a", 1);
  await clock.pass(100);
  assert.equal(stateOf("a", "c-a"), "CONTAINER_EXITED");
  const reads = runtime.reads.length;
  await clock.pass(5_000);
  assert.equal(runtime.reads.length, reads);
  addPod("b");
  cache.onEvent("b", { kind: "stopped", containerId: "c-b", timestampMs: 0 });
  await clock.pass(10_000);
  assert.equal(clock.pendingTimers, 0);
});

test("a start that its maker has seen is not looked at again; one by somebody else is", async () => {
  const { clock, runtime, cache, addPod, stateOf } = world();
  addPod("a");
  await cache.observe("a", clock.monotonic());
  const reads = runtime.reads.length;
  cache.onEvent("a", { kind: "started", containerId: "c-a", timestampMs: 0 });
  await clock.pass(1_000);
  assert.equal(runtime.reads.length, reads);
  runtime.containers.set("c2", containerOfPod("a", "c2", "other"));
  cache.onEvent("a", { kind: "started", containerId: "c2", timestampMs: 0 });
  await clock.pass(1_000);
  assert.equal(stateOf("a", "c2"), "CONTAINER_RUNNING");
});

test("out of memory is told after the end: the reason is asked for again", async () => {
  const { clock, runtime, cache, addPod, published } = world();
  addPod("a");
  runtime.exit("c-a", 137);
  await cache.observe("a", clock.monotonic());
  assert.equal(cache.peek("a")?.containerStatuses[0]?.reason, "Error");
  runtime.setContainer("c-a", { reason: "OOMKilled" });
  published.length = 0;
  await clock.pass(1);
  cache.onEvent("a", { kind: "oom", containerId: "c-a", timestampMs: 0 });
  await settle();
  assert.equal(cache.peek("a")?.containerStatuses[0]?.reason, "OOMKilled");
  assert.deepEqual(published, ["a"]);
});

test("an end by SIGKILL is explained once the runtime has had time to say that memory ran out", async () => {
  const { clock, runtime, cache, addPod } = world();
  addPod("a");
  await cache.observe("a", clock.monotonic());
  await clock.pass(10);
  runtime.exit("c-a", 137);
  await cache.observe("a", clock.monotonic());
  const explained = cache.explained("a");
  await clock.pass(100);
  runtime.setContainer("c-a", { reason: "OOMKilled" });
  await clock.pass(100);
  assert.equal((await explained)?.containerStatuses[0]?.reason, "OOMKilled");

  await clock.pass(10);
  addPod("b");
  await cache.observe("b", clock.monotonic());
  await clock.pass(10);
  runtime.exit("c-b", 137);
  await cache.observe("b", clock.monotonic());
  const unexplained = cache.explained("b");
  await clock.pass(2_000);
  assert.equal((await unexplained)?.containerStatuses[0]?.reason, "Error");
});

test("last words that cannot be read are told as such and spoil nothing", async () => {
  const { clock, runtime, files, cache, addPod } = world();
  addPod("a");
  const path = "/pods/a/message";
  runtime.setContainer("c-a", {
    annotations: { "io.kubernetes.container.terminationMessagePath": "/dev/termination-log" },
    mounts: [{ containerPath: "/dev/termination-log", hostPath: path }],
  });
  runtime.exit("c-a", 1);
  files.tails.set(path, new HostError("Denied", path, "permission denied"));
  const status = await cache.observe("a", clock.monotonic());
  assert.equal(status?.containerStatuses[0]?.message, `Error on reading termination log ${path}: permission denied`);
});
