import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeEventSource, FakeRuntime, Gate, labelsOf } from "../../../test/support/fakes-runtime.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { PLEG_DEFAULTS, Pleg } from "./pleg.ts";

const DOWN = new RuntimeError("Unavailable", "ListContainers", "connection refused");

async function world() {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const eventSource = new FakeEventSource();
  const stop = new AbortController();
  const told: string[] = [];
  const pleg = new Pleg(
    { clock, log: new FakeLog(), runtime: runtime.service, files: new FakeFiles(), eventSource },
    PLEG_DEFAULTS,
  );
  pleg.onChange(({ uid, events }) => told.push(...events.map(({ type, id }) => `${uid} ${type} ${id}`)));
  const addPod = (uid: string) => {
    runtime.addSandbox(`s-${uid}`, labelsOf(uid));
    runtime.containers.set(`c-${uid}`, containerOfPod(uid, `c-${uid}`, "main"));
  };
  const lists = () => runtime.reads.filter((read) => read === "listContainers").length;
  const start = () => pleg.start(stop.signal);
  return { clock, runtime, eventSource, pleg, told, addPod, lists, start, stop };
}

test("after the start everything is listed, and told once", async () => {
  const { clock, pleg, told, addPod, start } = await world();
  addPod("a");
  assert.equal(pleg.health.healthy, false);
  await start();
  await clock.pass(5_000);
  assert.deepEqual(told, ["a ContainerStarted s-a", "a ContainerStarted c-a"]);
  assert.deepEqual([pleg.health.healthy, pleg.knownPods()], [true, ["a"]]);
});

test("without a stream everything is listed each second, with one every 30 s", async () => {
  const { clock, eventSource, lists, start } = await world();
  await start();
  await clock.pass(10_500);
  assert.equal(lists(), 11);
  eventSource.connect();
  await clock.pass(1_000);
  const before = lists();
  await clock.pass(60_000);
  assert.equal(lists(), before + 2);
});

test("a stream that breaks is replaced, and meanwhile everything is listed each second at once", async () => {
  const { clock, eventSource, lists, start } = await world();
  await start();
  eventSource.connect();
  await clock.pass(5_000);
  const before = lists();
  eventSource.break(DOWN);
  await clock.pass(3_000);
  assert.equal(eventSource.runs, 2);
  assert.ok(lists() >= before + 3);
});

test("a runtime without a stream is asked again now and then: it may have been replaced", async () => {
  const { clock, eventSource, start } = await world();
  await start();
  eventSource.break(new RuntimeError("Unimplemented", "GetContainerEvents", "unknown method"));
  await clock.pass(10_000);
  assert.equal(eventSource.runs, 1);
  await clock.pass(60_000);
  assert.equal(eventSource.runs, 2);
});

test("a stream that stands for a moment only is not called again and again without a pause", async () => {
  const { clock, eventSource, start } = await world();
  await start();
  await settle();
  for (let second = 0; second < 20; second += 1) {
    eventSource.connect();
    eventSource.break();
    await clock.pass(1_000);
  }
  assert.ok(eventSource.runs < 20, `${eventSource.runs} runs`);
});

test("what happened before the stream stood is seen although a list is under way", async () => {
  const { clock, runtime, eventSource, pleg, addPod, start } = await world();
  addPod("a");
  const gate = new Gate();
  runtime.beforeAnswer = (call) => (call === "listContainers" ? gate.opened : undefined);
  const started = start();
  await settle();
  runtime.exit("c-a", 1);
  eventSource.connect();
  gate.open();
  await started;
  await clock.pass(0);
  assert.equal(pleg.peek("a")?.containerStatuses[0]?.state, "CONTAINER_EXITED");
});

test("a list that fails when the stream comes back is tried again soon", async () => {
  const { clock, runtime, eventSource, pleg, addPod, start } = await world();
  addPod("a");
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  eventSource.break();
  await settle();
  runtime.fail("listContainers", DOWN);
  await clock.pass(50);
  runtime.exit("c-a", 1);
  eventSource.connect();
  await clock.pass(100);
  assert.deepEqual(pleg.health, { healthy: false, message: "connection refused" });
  runtime.heal();
  await clock.pass(1_000);
  assert.equal(pleg.peek("a")?.containerStatuses[0]?.state, "CONTAINER_EXITED");
  assert.equal(pleg.health.healthy, true);
});

test("a pod that hangs neither delays another nor makes the node unhealthy", async () => {
  const { clock, runtime, eventSource, pleg, told, addPod, start } = await world();
  addPod("a");
  addPod("b");
  runtime.hold("containerStatus", "c-a");
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  assert.deepEqual(told, ["b ContainerStarted s-b", "b ContainerStarted c-b"]);
  runtime.exit("c-b", 3);
  eventSource.tell("stopped", "c-b");
  await clock.pass(100);
  assert.deepEqual(told.slice(2), ["b ContainerDied c-b"]);
  assert.equal(pleg.health.healthy, true);
});

test("a pod that is gone is told as removed and forgotten", async () => {
  const { clock, runtime, eventSource, pleg, told, addPod, start } = await world();
  addPod("a");
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  runtime.containers.clear();
  runtime.sandboxes.clear();
  told.length = 0;
  eventSource.tell("deleted", "c-a");
  await clock.pass(1_000);
  assert.deepEqual(told, [
    "a ContainerDied s-a",
    "a ContainerRemoved s-a",
    "a ContainerDied c-a",
    "a ContainerRemoved c-a",
  ]);
  assert.deepEqual(pleg.knownPods(), []);
});

test("events of a start that its maker observes cost no call of their own", async () => {
  const { clock, runtime, eventSource, pleg, addPod, start } = await world();
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  addPod("a");
  runtime.reads.length = 0;
  for (const id of ["s-a", "c-a"]) for (const kind of ["created", "started"] as const) eventSource.tell(kind, id);
  await settle();
  assert.deepEqual(runtime.reads, []);
  await pleg.observe("a", clock.monotonic());
  const own = runtime.reads.length;
  await clock.pass(2_000);
  assert.equal(runtime.reads.length, own);
});

test("a container that somebody else started is found by its event alone", async () => {
  const { clock, eventSource, told, addPod, start } = await world();
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  addPod("a");
  eventSource.tell("started", "c-a");
  await clock.pass(2_000);
  assert.deepEqual(told, ["a ContainerStarted s-a", "a ContainerStarted c-a"]);
});

test("the end of a container that nobody has listed yet is looked at at once", async () => {
  const { clock, runtime, eventSource, told, addPod, start } = await world();
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  addPod("a");
  runtime.exit("c-a", 1);
  eventSource.tell("stopped", "c-a");
  await clock.pass(10);
  assert.deepEqual(told, ["a ContainerStarted s-a", "a ContainerDied c-a"]);
});

test("it ends when it is told to, with nothing left to do", async () => {
  const { clock, eventSource, pleg, start, stop } = await world();
  await start();
  eventSource.connect();
  await clock.pass(1_000);
  stop.abort();
  await pleg.stop();
  await settle();
  assert.equal(clock.pendingTimers, 0);
});
