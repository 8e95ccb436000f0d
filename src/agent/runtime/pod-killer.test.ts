import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeRuntime, labelsOf } from "../../../test/support/fakes-runtime.ts";
import type { Pod } from "../../core/api/types.ts";
import { toRuntimeContainerStatus } from "../../core/cri/container-status.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { PodKiller } from "./pod-killer.ts";

const POD: Pod = {
  metadata: { uid: "a", name: "web", namespace: "default" },
  spec: { containers: [{ name: "one" }, { name: "two" }], terminationGracePeriodSeconds: 30 },
};

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const runtime = new FakeRuntime(clock);
  const events = new EventRecorder({ clock, log, store: new FakeStore() }, { nodeName: "n" });
  const killer = new PodKiller({ log, runtime: runtime.service, events });
  runtime.addSandbox("s1", labelsOf("a"));
  for (const [id, name] of [
    ["c1", "one"],
    ["c2", "two"],
  ] as const) {
    runtime.containers.set(id, { ...containerOfPod("a", id, name), podSandboxId: "s1" });
  }
  const status = (): RuntimePodStatus => ({
    uid: "a",
    name: "web",
    namespace: "default",
    ips: [],
    sandboxStatuses: [...runtime.sandboxes.values()],
    containerStatuses: [...runtime.containers.values()].map((each) => toRuntimeContainerStatus(each, "s1")),
  });
  return { runtime, killer, events, status };
}

test("all containers are asked to end at once, then the sandbox is stopped", async () => {
  const { runtime, killer, events, status } = world();
  const gate = runtime.hold("stopContainer");
  const killed = killer.killPod(POD, status(), undefined);
  await settle();
  assert.deepEqual(runtime.calls, ["stopContainer c1 30", "stopContainer c2 30"]);
  gate.open();
  await killed;
  assert.equal(runtime.calls.at(-1), "stopPodSandbox s1");
  assert.deepEqual(
    events.list().map(({ reason, message, involvedObject }) => [reason, message, involvedObject.fieldPath]),
    [
      ["Killing", "Stopping container one", "spec.containers{one}"],
      ["Killing", "Stopping container two", "spec.containers{two}"],
    ],
  );
});

test("grace: the given one, else the pod's own, never below two seconds but for none at all; ended ones are left alone", async () => {
  const graces = async (grace: number | undefined, pod: Pod | undefined = POD) => {
    const { runtime, killer, status } = world();
    runtime.exit("c2", 0);
    await killer.killPod(pod, status(), grace);
    return runtime.calls.slice(0, -1);
  };
  assert.deepEqual(await graces(5), ["stopContainer c1 5"]);
  assert.deepEqual(await graces(1), ["stopContainer c1 2"]);
  assert.deepEqual(await graces(0), ["stopContainer c1 0"]);
  assert.deepEqual(await graces(1, undefined), ["stopContainer c1 2"]);
});

test("a container that the runtime cannot stop goes with its sandbox, and the kill is told as failed", async () => {
  const { runtime, killer, status } = world();
  runtime.before = (call, id) => {
    if (call === "stopContainer" && id === "c1") throw new RuntimeError("Unknown", "StopContainer", "stuck");
    return undefined;
  };
  await assert.rejects(killer.killPod(POD, status(), undefined), /stuck/);
  assert.equal(runtime.calls.at(-1), "stopPodSandbox s1");
});

test("a runtime that went away in the middle cuts no grace short: the sandbox stays", async () => {
  const { runtime, killer, status } = world();
  runtime.fail("stopContainer", new RuntimeError("Unavailable", "StopContainer", "connection refused"));
  await assert.rejects(killer.killPod(POD, status(), undefined), { code: "Unavailable" });
  assert.ok(!runtime.calls.includes("stopPodSandbox s1"));
});

test("of very many containers so many are stopped at a time as the runtime's shim can bear", async () => {
  const { runtime, killer, status } = world();
  for (let n = 0; n < 100; n += 1) {
    const container = containerOfPod("a", `many${n}`, "one");
    runtime.containers.set(container.id, { ...container, podSandboxId: "s1" });
  }
  const gate = runtime.hold("stopContainer");
  const killed = killer.killPod(POD, status(), undefined);
  await settle();
  assert.equal(runtime.calls.length, 32);
  gate.open();
  await killed;
  assert.equal(runtime.calls.length, 103);
});

test("an aborted kill stops no sandbox", async () => {
  const { runtime, killer, status } = world();
  runtime.hold("stopContainer");
  const abort = new AbortController();
  const killed = killer.killPod(POD, status(), undefined, abort.signal);
  await settle();
  abort.abort();
  await assert.rejects(killed);
  assert.ok(!runtime.calls.includes("stopPodSandbox s1"));
});

test("removal tries everything, whatever fails", async () => {
  const { runtime, killer, status } = world();
  runtime.fail("removeContainer", new RuntimeError("Unknown", "RemoveContainer", "busy"));
  await killer.removePod(status());
  assert.deepEqual(runtime.calls, ["removeContainer c1", "removeContainer c2", "removePodSandbox s1"]);
});
