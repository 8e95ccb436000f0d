import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeRuntime, labelsOf } from "../../../test/support/fakes-runtime.ts";
import type { LifecycleHandler, Pod } from "../../core/api/types.ts";
import { toRuntimeContainerStatus } from "../../core/cri/container-status.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import type { HookTarget } from "../lifecycle/hook-runner.ts";
import { PodKiller } from "./pod-killer.ts";

const POD: Pod = {
  metadata: { uid: "a", name: "web", namespace: "default" },
  spec: { containers: [{ name: "one" }, { name: "two" }], terminationGracePeriodSeconds: 30 },
};

/** Hooks that end when the test says so. */
class FakeHooks {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (failure: string | undefined) => void>();

  run = (_handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<string | undefined> => {
    this.begun.push(target.containerId);
    return new Promise((resolve, reject) => {
      this.#ends.set(target.containerId, resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  };

  end(containerId: string, failure?: string): void {
    this.#ends.get(containerId)?.(failure);
  }
}

const HOOKED: Pod = {
  ...POD,
  spec: {
    containers: [{ name: "one", lifecycle: { preStop: { exec: { command: ["bye"] } } } }, { name: "two" }],
    terminationGracePeriodSeconds: 30,
  },
};

const WITH_SIDECAR: Pod = {
  ...POD,
  spec: {
    initContainers: [{ name: "one", restartPolicy: "Always" }],
    containers: [{ name: "two" }],
    terminationGracePeriodSeconds: 30,
  },
};

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const runtime = new FakeRuntime(clock);
  const events = new EventRecorder({ clock, log, store: new FakeStore() }, { nodeName: "n" });
  const hooks = new FakeHooks();
  const killer = new PodKiller({ clock, log, runtime: runtime.service, events, hooks });
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
  return { clock, hooks, runtime, killer, events, status };
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

test("a preStop hook comes first and its time off the grace; the others do not wait for it", async () => {
  const { clock, hooks, runtime, killer, status } = world();
  const killed = killer.killPod(HOOKED, status(), undefined);
  await clock.pass(4_900);
  assert.deepEqual([hooks.begun, runtime.calls], [["c1"], ["stopContainer c2 30"]]);
  hooks.end("c1");
  await killed;
  assert.deepEqual(runtime.calls.slice(1), ["stopContainer c1 26", "stopPodSandbox s1"]);
});

test("a hook that outlasts the grace is left, and the container gets the least time that there is", async () => {
  const { clock, hooks, runtime, killer, events, status } = world();
  const killed = killer.killPod(HOOKED, status(), 10);
  await clock.pass(9_999);
  assert.ok(!runtime.calls.includes("stopContainer c1 2"));
  await clock.pass(1);
  await killed;
  assert.ok(runtime.calls.includes("stopContainer c1 2"));
  assert.ok(!events.list().some(({ reason }) => reason === "FailedPreStopHook"));
  assert.deepEqual(hooks.begun, ["c1"]);
  assert.equal(clock.pendingTimers, 0);
});

test("a hook that fails is told without what it printed, and the container ends all the same", async () => {
  const { hooks, runtime, killer, events, status } = world();
  const killed = killer.killPod(HOOKED, status(), undefined);
  await settle();
  hooks.end("c1", "the password is 1234");
  await killed;
  assert.ok(runtime.calls.includes("stopContainer c1 30"));
  const told = events.list().find(({ reason }) => reason === "FailedPreStopHook");
  assert.deepEqual([told?.message, told?.involvedObject.fieldPath], ["PreStopHook failed", "spec.containers{one}"]);
});

test("without any grace no hook runs", async () => {
  const { hooks, runtime, killer, status } = world();
  await killer.killPod(HOOKED, status(), 0);
  assert.deepEqual([hooks.begun, runtime.calls[0]], [[], "stopContainer c1 0"]);
});

test("a kill that is tried again with less grace waits for the hook of the first, and runs none of its own", async () => {
  const { clock, hooks, runtime, killer, status } = world();
  const abort = new AbortController();
  const first = killer.killPod(HOOKED, status(), undefined, abort.signal);
  await clock.pass(3_000);
  abort.abort();
  await assert.rejects(first);
  const second = killer.killPod(HOOKED, status(), 5);
  await clock.pass(2_000);
  hooks.end("c1");
  await second;
  assert.deepEqual(hooks.begun, ["c1"]);
  assert.ok(runtime.calls.includes("stopContainer c1 3"));
});

test("the end of the agent waits for no hook", async () => {
  const { clock, killer, status } = world();
  const agent = new AbortController();
  await killer.start(agent.signal);
  const killed = killer.killPod(HOOKED, status(), undefined, agent.signal);
  await settle();
  agent.abort();
  await assert.rejects(killed);
  await settle();
  assert.equal(clock.pendingTimers, 0);
});

test("a sidecar is asked to end when the regular containers have ended, with what is left of the grace", async () => {
  const { clock, runtime, killer, status } = world();
  const gate = runtime.hold("stopContainer");
  const killed = killer.killPod(WITH_SIDECAR, status(), undefined);
  await clock.pass(8_000);
  assert.deepEqual(runtime.calls, ["stopContainer c2 30"]);
  gate.open();
  await killed;
  assert.deepEqual(runtime.calls.slice(1), ["stopContainer c1 22", "stopPodSandbox s1"]);
});

test("a sidecar does not wait longer than the grace, and not at all without one", async () => {
  const { clock, runtime, killer, status } = world();
  const gate = runtime.hold("stopContainer");
  const killed = killer.killPod(WITH_SIDECAR, status(), 5);
  await clock.pass(5_000);
  assert.deepEqual(runtime.calls, ["stopContainer c2 5", "stopContainer c1 2"]);
  gate.open();
  await killed;
  const hasty = world();
  hasty.runtime.hold("stopContainer");
  void hasty.killer.killPod(WITH_SIDECAR, hasty.status(), 0);
  await settle();
  assert.deepEqual(hasty.runtime.calls, ["stopContainer c2 0", "stopContainer c1 0"]);
});
