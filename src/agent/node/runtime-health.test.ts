import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { FakeRuntime } from "../../../test/support/fakes-runtime.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { RuntimeHealth } from "./runtime-health.ts";

const READY = "KubeletReady: kubelet is posting ready status";

function world() {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  let pleg = { healthy: true, message: "" };
  const health = new RuntimeHealth({ clock, log: new FakeLog(), runtime: runtime.service }, () => pleg);
  const told: string[] = [];
  health.onChange(({ reason, message }) => told.push(`${reason}: ${message}`));
  const stop = new AbortController();
  const start = () => health.start(stop.signal);
  const sick = (message: string) => {
    pleg = { healthy: false, message };
  };
  return { clock, runtime, health, told, start, sick, stop };
}

test("it is ready once the runtime says so, and tells each change once", async () => {
  const { clock, runtime, health, told, start } = world();
  assert.deepEqual([health.runtimeUp, health.readiness().message], [false, "container runtime is down"]);
  await start();
  await clock.pass(20_000);
  assert.deepEqual(told, [READY]);
  runtime.fail("status", new RuntimeError("Unavailable", "Status", "connection refused"));
  await clock.pass(10_000);
  assert.deepEqual(
    [health.runtimeUp, told.slice(1)],
    [false, ["KubeletNotReady: container runtime is down: connection refused"]],
  );
  runtime.heal();
  await clock.pass(500);
  assert.deepEqual(told.slice(2), [READY]);
});

test("a runtime that hangs is down after its deadline, and is asked no second time meanwhile", async () => {
  const { clock, runtime, health, start } = world();
  await start();
  const gate = runtime.hold("status");
  await clock.pass(60_000);
  assert.equal(runtime.calls.filter((call) => call === "status").length, 2);
  runtime.fail("status", new RuntimeError("DeadlineExceeded", "Status", "deadline exceeded"));
  gate.open();
  await clock.pass(5_000);
  assert.deepEqual(health.readiness(), {
    ready: false,
    reason: "KubeletNotReady",
    message: "container runtime is down: deadline exceeded",
  });
});

test("conditions of the runtime: not ready keeps pods from being synced, no network does not", async () => {
  const { clock, runtime, health, start } = world();
  const [runtimeReady, networkReady] = runtime.conditions;
  assert.ok(runtimeReady && networkReady);
  runtime.conditions = [runtimeReady, { ...networkReady, status: false, reason: "R", message: "M" }];
  await start();
  assert.equal(health.runtimeUp, true);
  assert.equal(health.networkProblem, "container runtime network not ready: NetworkReady=false reason:R message:M");
  runtime.conditions = [{ ...runtimeReady, status: false, reason: "R", message: "M" }];
  await clock.pass(5_000);
  assert.equal(health.runtimeUp, false);
  assert.match(
    health.readiness().message,
    /^\[container runtime not ready: RuntimeReady=false .*, .*no condition NetworkReady\]$/,
  );
});

test("a list that fails makes the node not ready, a runtime that is down is told alone", async () => {
  const { clock, runtime, health, start, sick } = world();
  await start();
  sick("connection refused");
  assert.equal(health.readiness().message, "PLEG is not healthy: connection refused");
  runtime.fail("status", new RuntimeError("Unavailable", "Status", "connection refused"));
  await clock.pass(5_000);
  assert.equal(health.readiness().message, "container runtime is down: connection refused");
});

test("a runtime that comes back may be another one: its version is asked again", async () => {
  const { clock, runtime, start } = world();
  await start();
  runtime.fail("status", new RuntimeError("Unavailable", "Status", "connection refused"));
  await clock.pass(5_000);
  runtime.heal();
  await clock.pass(1_000);
  assert.ok(runtime.calls.filter((call) => call === "version").length >= 2);
});

test("it ends with its signal", async () => {
  const { clock, health, start, stop } = world();
  await start();
  stop.abort();
  await health.stop();
  await settle();
  assert.equal(clock.pendingTimers, 0);
});
