import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeLogFiles } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeRuntime, labelsOf } from "../../../test/support/fakes-runtime.ts";
import { DEFAULT_CONTAINER_GC_POLICY } from "../../core/containers/garbage.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { ContainerGc } from "./container-gc.ts";

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const runtime = new FakeRuntime(clock);
  const logFiles = new FakeLogFiles();
  const gone = new Set<string>();
  let ready = true;
  const gc = new ContainerGc(
    { clock, log, runtime: runtime.service, logFiles },
    {
      policy: DEFAULT_CONTAINER_GC_POLICY,
      periodMs: 60_000,
      logLinksRoot: "/links",
      pods: { contentShouldBeRemoved: (uid) => gone.has(uid), runtimeShouldBeRemoved: (uid) => gone.has(uid) },
      allSourcesReady: () => ready,
    },
  );
  const dead = (uid: string, id: string, createdAtMs: number, more: object = {}) =>
    runtime.containers.set(id, {
      ...containerOfPod(uid, id, "main", "CONTAINER_EXITED"),
      createdAtMs,
      logPath: `/logs/${id}`,
      ...more,
    });
  const left = () => [...runtime.containers.keys(), ...runtime.sandboxes.keys()];
  return { clock, log, runtime, logFiles, gone, gc, dead, left, setReady: (is: boolean) => (ready = is) };
}

test("of the dead instances of a container the newest stays; the others go with their logs", async () => {
  const { logFiles, gc, dead, left } = world();
  dead("a", "c1", 1);
  dead("a", "c2", 2);
  dead("a", "c3", 3);
  await gc.collect(false);
  assert.deepEqual(left(), ["c3"]);
  assert.deepEqual(logFiles.actions.slice(0, 2), ["removeContainerLogs /logs/c1", "removeContainerLogs /logs/c2"]);
});

test("of a pod that is gone everything goes, but only when all sources have told their pods", async () => {
  const { runtime, logFiles, gone, gc, dead, left, setReady } = world();
  dead("a", "c1", 1, { podSandboxId: "s1" });
  runtime.sandboxes.set("s1", { ...runtime.addSandbox("s1", labelsOf("a")), state: "SANDBOX_NOTREADY" });
  logFiles.directories.add("default_a_a");
  gone.add("a");
  setReady(false);
  await gc.collect(false);
  assert.deepEqual([left(), logFiles.directories.size], [["c1", "s1"], 1]);
  setReady(true);
  await gc.collect(false);
  assert.deepEqual([left(), logFiles.directories.size], [[], 0]);
});

test("a container that cannot be removed keeps its sandbox and holds up no other", async () => {
  const { log, runtime, gone, gc, dead, left } = world();
  for (const uid of ["a", "b"]) {
    dead(uid, `c-${uid}`, 1, { podSandboxId: `s-${uid}` });
    runtime.sandboxes.set(`s-${uid}`, { ...runtime.addSandbox(`s-${uid}`, labelsOf(uid)), state: "SANDBOX_NOTREADY" });
    gone.add(uid);
  }
  runtime.before = (call, id) => {
    if (call === "removeContainer" && id === "c-a") throw new RuntimeError("Unknown", call, "busy");
    return undefined;
  };
  await gc.collect(false);
  assert.deepEqual([left(), log.lines], [["c-a", "s-a"], ["warn: container not removed"]]);
});

test("a container in unknown state is stopped before it is removed, and stays if it cannot be", async () => {
  const { runtime, gone, gc, dead, left } = world();
  dead("a", "c1", 1, { state: "CONTAINER_UNKNOWN" });
  gone.add("a");
  runtime.fail("stopContainer", new RuntimeError("Unknown", "StopContainer", "no"));
  await gc.collect(false);
  assert.deepEqual(left(), ["c1"]);
  runtime.heal();
  await gc.collect(false);
  assert.deepEqual([left(), runtime.calls.slice(-2)], [[], ["stopContainer c1 2", "removeContainer c1"]]);
});

test("what is not a kubelet's is never touched", async () => {
  const { runtime, gc, dead, left } = world();
  for (const id of ["x1", "x2"]) dead("a", id, 1, { labels: { app: "somebody's" } });
  runtime.sandboxes.set("x3", { ...runtime.addSandbox("x3", {}), state: "SANDBOX_NOTREADY" });
  await gc.collect(true);
  assert.deepEqual(left(), ["x1", "x2", "x3"]);
});

test("it runs once a minute, also after a failure, until it is told to end", async () => {
  const { clock, log, runtime, gc } = world();
  runtime.fail("listContainers", new RuntimeError("Unavailable", "ListContainers", "connection refused"));
  const stop = new AbortController();
  await gc.start(stop.signal);
  await clock.pass(180_000);
  assert.equal(log.lines.filter((line) => line === "warn: container garbage not collected").length, 3);
  stop.abort();
  await gc.stop();
  assert.equal(clock.pendingTimers, 0);
});

test("what an earlier agent left goes soon after the start, then there is a run each period", async () => {
  const { clock, logFiles, gone, gc } = world();
  const abort = new AbortController();
  await gc.start(abort.signal);
  gone.add("a");
  logFiles.directories.add("default_a_a");
  await clock.pass(10_000);
  assert.equal(logFiles.directories.size, 0);
  logFiles.directories.add("default_a_a");
  await clock.pass(59_000);
  assert.equal(logFiles.directories.size, 1);
  await clock.pass(1_000);
  assert.equal(logFiles.directories.size, 0);
  abort.abort();
  await gc.stop();
});
