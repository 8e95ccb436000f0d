import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import type { Pod } from "../../core/api/types.ts";
import { EventRecorder } from "./event-recorder.ts";

const POD: Pod = { metadata: { name: "web", namespace: "default", uid: "1" } };

function world() {
  const clock = new FakeClock();
  const store = new FakeStore();
  const log = new FakeLog();
  const create = () => new EventRecorder({ clock, log, store }, { nodeName: "node" });
  return { clock, store, log, create, recorder: create() };
}

test("the same event again raises its count and its last time, and moves to the end", async () => {
  const { clock, recorder } = world();
  recorder.pod(POD, "Warning", "BackOff", "again", { list: "containers", name: "main" });
  recorder.pod(POD, "Normal", "Pulled", "there");
  await clock.pass(5_000);
  recorder.pod(POD, "Warning", "BackOff", "again", { list: "containers", name: "main" });
  const [, backOff] = recorder.list();
  assert.deepEqual(
    recorder.list().map(({ reason, count }) => [reason, count]),
    [
      ["Pulled", 1],
      ["BackOff", 2],
    ],
  );
  assert.equal(backOff?.involvedObject.fieldPath, "spec.containers{main}");
  assert.deepEqual([backOff?.firstTimestamp, backOff?.lastTimestamp], ["2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"]);
});

test("another pod, container, reason or text is another event", () => {
  const { recorder } = world();
  recorder.pod(POD, "Normal", "Pulled", "x");
  recorder.pod({ metadata: { ...POD.metadata, uid: "2" } }, "Normal", "Pulled", "x");
  recorder.pod(POD, "Normal", "Pulled", "x", { list: "containers", name: "a" });
  recorder.pod(POD, "Normal", "Pulled", "y");
  recorder.node("Normal", "Pulled", "x");
  assert.equal(new Set(recorder.list().map(({ name }) => name)).size, 5);
});

test("a new agent knows the events of the one before, oldest change first, and goes on counting", async () => {
  const { clock, create, recorder } = world();
  recorder.pod({ metadata: { name: "a", uid: "1" } }, "Normal", "First", "1");
  await clock.pass(2_000);
  recorder.pod({ metadata: { name: "x", uid: "2" } }, "Normal", "Second", "2");
  await clock.pass(2_000);
  recorder.pod({ metadata: { name: "b", uid: "3" } }, "Normal", "Third", "3");
  await clock.pass(2_000);
  recorder.pod({ metadata: { name: "a", uid: "1" } }, "Normal", "First", "1");
  const next = create();
  assert.deepEqual(next.list(), recorder.list());
  next.pod({ metadata: { name: "x", uid: "2" } }, "Normal", "Second", "2");
  assert.deepEqual(
    next.list().map(({ reason, count }) => [reason, count]),
    [
      ["Third", 1],
      ["First", 2],
      ["Second", 2],
    ],
  );
  const names = new Set(next.list().map(({ name }) => name));
  next.pod(POD, "Normal", "Fourth", "4");
  assert.ok(!names.has(next.list().at(-1)?.name ?? ""));
});

test("the oldest events go beyond 2000, from the records too", () => {
  const { create, recorder, store } = world();
  for (let n = 0; n < 2_010; n += 1) recorder.pod(POD, "Normal", `Reason${n}`, `event ${n}`);
  assert.deepEqual([recorder.list().length, recorder.list()[0]?.message], [2_000, "event 10"]);
  assert.equal(store.list("events").length, 2_000);
  assert.equal(create().list().length, 2_000);
});

test("events that differ in their words alone become one that is counted, also for the next agent", () => {
  const { create, recorder } = world();
  for (let n = 0; n < 15; n += 1) recorder.pod(POD, "Warning", "Unhealthy", `failed: ${n}`);
  const last = () => recorder.list().at(-1);
  assert.equal(recorder.list().length, 11);
  assert.deepEqual([last()?.message, last()?.count], ["(combined from similar events): failed: 14", 5]);
  const next = create();
  for (let n = 20; n < 31; n += 1) next.pod(POD, "Warning", "Unhealthy", `failed: ${n}`);
  assert.deepEqual(
    next
      .list()
      .filter(({ message }) => message.startsWith("(combined"))
      .map(({ count }) => count),
    [6],
  );
});

test("a message of any length is cut to a kilobyte, and the reader sees that it was", () => {
  const { recorder } = world();
  recorder.node("Warning", "FailedManifest", "ä".repeat(5_000_000));
  recorder.node("Warning", "FailedManifest", "ä".repeat(5_000_001));
  const [event] = recorder.list();
  assert.equal(recorder.list().length, 1);
  assert.ok((event?.message.length ?? 0) <= 1024);
  assert.match(event?.message ?? "", /\.\.\.$/);
});

test("a full disk costs the record, not the event", () => {
  const { recorder, store } = world();
  const heard: string[] = [];
  recorder.subscribe(({ reason }) => heard.push(reason));
  store.full = true;
  recorder.node("Normal", "NodeReady", "yes");
  assert.deepEqual([heard, recorder.list().length], [["NodeReady"], 1]);
});

test("whoever stopped listening hears nothing more", () => {
  const { recorder } = world();
  const heard: string[] = [];
  const stop = recorder.subscribe(({ reason }) => heard.push(reason));
  recorder.node("Normal", "One", "1");
  stop();
  recorder.node("Normal", "Two", "2");
  assert.deepEqual(heard, ["One"]);
});
