import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { execResult, Gate } from "../../../test/support/fakes-runtime.ts";
import type { Pod, Probe } from "../../core/api/types.ts";
import type { ProbeOutcome } from "../../core/probe/index.ts";
import { RuntimeError } from "../../ports/errors.ts";

const tcp = (more: Partial<Probe> = {}): Probe => ({ tcpSocket: { port: 80 }, ...more });
const FAILED: ProbeOutcome = { result: "Failure", output: "no answer" };
const GOOD: ProbeOutcome = { result: "Success", output: "" };

async function nodeWith(pod: Pod, answer: FakeNode["prober"]["answer"] = () => GOOD): Promise<FakeNode> {
  const node = new FakeNode();
  node.prober.answer = answer;
  node.source.showPods(pod);
  await node.start();
  return node;
}

function shown(node: FakeNode, pod: Pod) {
  const [status] = node.status(pod)?.containerStatuses ?? [];
  return { started: status?.started, ready: status?.ready, restarts: status?.restartCount };
}

function killings(node: FakeNode): readonly string[] {
  return node.events().filter((event) => event.startsWith("Killing"));
}

test("a container is ready as soon as its probe says so, and not ready after three failures", async () => {
  const web = podOf("web", { containers: [container("main", { readinessProbe: tcp() })] });
  const node = await nodeWith(web);
  assert.deepEqual(shown(node, web), { started: true, ready: true, restarts: 0 });
  assert.equal(node.prober.looks.length, 1);
  assert.deepEqual(node.prober.looks[0], { kind: "tcpSocket", host: "10.0.0.9", port: 80, timeoutMs: 1000 });
  node.prober.answer = () => FAILED;
  await node.clock.pass(28_000);
  assert.equal(shown(node, web).ready, true);
  await node.clock.pass(2_000);
  assert.equal(shown(node, web).ready, false);
  assert.ok(node.events().includes("Unhealthy: Readiness probe failed: no answer"));
  node.prober.answer = () => GOOD;
  await node.clock.pass(10_000);
  assert.equal(shown(node, web).ready, true);
  assert.deepEqual(killings(node), []);
});

test("a container that fails its liveness probe is killed with the probe's own grace and started again", async () => {
  const probe = tcp({ periodSeconds: 1, failureThreshold: 2, terminationGracePeriodSeconds: 7 });
  const web = podOf("web", { containers: [container("main", { livenessProbe: probe })] });
  let alive = true;
  const node = await nodeWith(web, () => (alive ? GOOD : FAILED));
  const first = node.running("main")?.id;
  alive = false;
  await node.clock.pass(2_000);
  assert.ok(node.runtime.calls.includes(`stopContainer ${first} 7`));
  assert.deepEqual(killings(node), ["Killing: Container main failed liveness probe, will be restarted"]);
  alive = true;
  await node.clock.pass(11_000);
  assert.notEqual(node.running("main")?.id, first);
  assert.deepEqual(shown(node, web), { started: true, ready: true, restarts: 1 });
  assert.equal(killings(node).length, 1);
});

test("nothing but the startup probe looks at a container that has not started", async () => {
  const main = container("main", {
    startupProbe: tcp({ periodSeconds: 5, failureThreshold: 10 }),
    readinessProbe: { tcpSocket: { port: 81 } },
    livenessProbe: { tcpSocket: { port: 82 } },
  });
  const web = podOf("web", { containers: [main] });
  let up = false;
  const node = await nodeWith(web, () => (up ? GOOD : FAILED));
  await node.clock.pass(19_000);
  assert.deepEqual([...new Set(node.prober.looks.map(({ port }) => port))], [80]);
  assert.deepEqual(shown(node, web), { started: false, ready: false, restarts: 0 });
  up = true;
  await node.clock.pass(5_000);
  assert.deepEqual(shown(node, web), { started: true, ready: true, restarts: 0 });
  const looks = node.prober.looks.filter(({ port }) => port === 80).length;
  await node.clock.pass(60_000);
  assert.equal(node.prober.looks.filter(({ port }) => port === 80).length, looks);
});

test("a container that never starts is killed after its startup probe has failed often enough", async () => {
  const probe = tcp({ periodSeconds: 1, failureThreshold: 3 });
  const containers = [container("main", { startupProbe: probe }), container("other")];
  const web = podOf("web", { containers, restartPolicy: "Never" });
  const node = await nodeWith(web, () => FAILED);
  await node.clock.pass(5_000);
  assert.deepEqual(killings(node), ["Killing: Container main failed startup probe"]);
  assert.equal(node.status(web)?.containerStatuses?.[0]?.state?.terminated?.exitCode, 143);
  const { length } = node.prober.looks;
  await node.clock.pass(60_000);
  assert.equal(node.prober.looks.length, length);
});

test("the first look is at the end of the initial delay", async () => {
  const web = podOf("web", { containers: [container("main", { readinessProbe: tcp({ initialDelaySeconds: 13 }) })] });
  const node = await nodeWith(web);
  await node.clock.pass(11_500);
  assert.equal(node.prober.looks.length, 0);
  await node.clock.pass(1_000);
  assert.equal(shown(node, web).ready, true);
});

test("a clock that is set back holds up no probe", async () => {
  const web = podOf("web", { containers: [container("main", { readinessProbe: tcp({ periodSeconds: 1 }) })] });
  const node = await nodeWith(web);
  node.clock.setWall(-3_600_000);
  node.prober.answer = () => FAILED;
  await node.clock.pass(3_000);
  assert.equal(shown(node, web).ready, false);
});

test("a command's exit code is the outcome, its output what is told; too late is a failure", async () => {
  const probe: Probe = { exec: { command: ["check"] }, failureThreshold: 1, periodSeconds: 1, timeoutSeconds: 3 };
  const web = podOf("web", { containers: [container("main", { readinessProbe: probe })] });
  const node = await nodeWith(web);
  assert.equal(shown(node, web).ready, true);
  assert.ok(node.runtime.reads.includes(`execSync ${node.running("main")?.id} check 3`));
  node.runtime.command = async () => execResult(2, "out ", "err");
  await node.clock.pass(1_000);
  assert.equal(shown(node, web).ready, false);
  assert.ok(node.events().includes("Unhealthy: Readiness probe failed: out err"));
  node.runtime.command = async () => {
    throw new RuntimeError("DeadlineExceeded", "ExecSync", "timeout 3s exceeded");
  };
  await node.clock.pass(1_000);
  assert.ok(node.events().includes('Unhealthy: Readiness probe failed: command "check" timed out'));
});

test("a command that cannot be run is tried three times, and changes nothing", async () => {
  const probe: Probe = { exec: { command: ["check"] }, failureThreshold: 1 };
  const web = podOf("web", { containers: [container("main", { livenessProbe: probe })] });
  const node = await nodeWith(web);
  const runs = () => node.runtime.reads.filter((read) => read.startsWith("execSync")).length;
  const before = runs();
  node.runtime.command = async () => {
    throw new RuntimeError("Unknown", "ExecSync", "no such file");
  };
  await node.clock.pass(10_000);
  assert.equal(runs(), before + 3);
  assert.deepEqual(killings(node), []);
  assert.ok(node.events().includes("Unhealthy: Liveness probe errored: no such file"));
});

test("a few commands start at a time, and one that hangs holds up the others for a second only", async () => {
  const probe: Probe = { exec: { command: ["check"] }, periodSeconds: 60, timeoutSeconds: 60 };
  const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
  const web = podOf("web", { containers: names.map((name) => container(name, { readinessProbe: probe })) });
  const node = new FakeNode();
  const gate = new Gate();
  node.runtime.command = async () => {
    await gate.opened;
    return execResult(0);
  };
  node.source.showPods(web);
  await node.start();
  const runs = () => node.runtime.reads.filter((read) => read.startsWith("execSync")).length;
  const first = runs();
  await node.clock.pass(1_000);
  assert.ok(first <= 16 && runs() > first, `${first} then ${runs()}`);
  gate.open();
  await node.clock.pass(2_000);
  assert.equal(runs(), 20);
  assert.equal(node.status(web)?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
});

test("who was ready stays ready over a restart of the agent, until a probe says otherwise", async () => {
  const main = container("main", { startupProbe: tcp(), readinessProbe: tcp({ failureThreshold: 1 }) });
  const web = podOf("web", { containers: [main] });
  const node = await nodeWith(web);
  await node.clock.pass(10_000);
  assert.deepEqual(shown(node, web), { started: true, ready: true, restarts: 0 });
  const notReady: string[] = [];
  const { put } = node.store;
  node.store.put = (table, key, value) => {
    if (table === "podStatus" && JSON.stringify(value).includes('"ready":false')) notReady.push(key);
    put.call(node.store, table, key, value);
  };
  await node.restart();
  await node.clock.pass(10_000);
  assert.deepEqual([shown(node, web).ready, notReady], [true, []]);
  node.prober.answer = () => FAILED;
  await node.clock.pass(10_000);
  assert.equal(shown(node, web).ready, false);
});

test("a pod that is ended is not restarted by its probes, and nothing looks at it afterwards", async () => {
  const probe = tcp({ periodSeconds: 1, failureThreshold: 1 });
  const web = podOf("web", { containers: [container("main", { livenessProbe: probe, readinessProbe: probe })] });
  const node = await nodeWith(web);
  const gate = node.runtime.hold("stopContainer");
  node.source.showPods();
  await node.clock.pass(100);
  node.prober.answer = () => FAILED;
  await node.clock.pass(5_000);
  assert.deepEqual(killings(node), ["Killing: Stopping container main"]);
  gate.open();
  node.runtime.heal();
  await node.clock.pass(1_000);
  const { length } = node.prober.looks;
  await node.clock.pass(10_000);
  assert.equal(node.prober.looks.length, length);
  assert.equal(node.status(web), undefined);
});

test("an agent that ends waits for no probe", async () => {
  const web = podOf("web", { containers: [container("main", { readinessProbe: tcp() })] });
  const node = await nodeWith(web, () => new Promise(() => {}));
  await node.clock.pass(1_000);
  const stopped = node.agent.stop();
  await node.clock.pass(5_000);
  await stopped;
});
