/** Sidecars, hooks, back-off and ends of pods, through the whole agent on fakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { settle } from "../../../test/support/fakes-clock.ts";
import type { ContainerStatus, Pod } from "../../core/api/types.ts";

async function nodeWith(...pods: readonly Pod[]): Promise<FakeNode> {
  const node = new FakeNode();
  node.source.showPods(...pods);
  await node.start();
  return node;
}

function statusOf(node: FakeNode, pod: Pod, name = "main"): ContainerStatus | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = node.status(pod) ?? {};
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find((each) => each.name === name);
}

const sidecar = (name: string, more = {}) => container(name, { restartPolicy: "Always", ...more });
const failure = { exitCode: 1, stdout: new Uint8Array(), stderr: new Uint8Array() };

test("a sidecar starts first, and what comes after it as soon as it has started up", async () => {
  const startupProbe = { exec: { command: ["up"] }, periodSeconds: 1, failureThreshold: 100 };
  const web = podOf("web", { initContainers: [sidecar("side", { startupProbe })] });
  const node = new FakeNode();
  node.runtime.command = async () => failure;
  node.source.showPods(web);
  await node.start();
  await node.clock.pass(5_000);
  assert.ok(node.running("side"));
  assert.equal(node.running("main"), undefined);
  assert.deepEqual([node.status(web)?.phase, statusOf(node, web, "side")?.started], ["Pending", false]);
  node.runtime.command = async () => ({ ...failure, exitCode: 0 });
  await node.clock.pass(1_500);
  assert.ok(node.running("main"));
  assert.deepEqual([node.status(web)?.phase, statusOf(node, web, "side")?.ready], ["Running", true]);
});

test("a sidecar that crashes is started again with a back-off of its own, the others go on", async () => {
  const web = podOf("web", { initContainers: [sidecar("side")], restartPolicy: "Never" });
  const node = await nodeWith(web);
  const main = node.running("main")?.id;
  await node.exit(node.running("side")?.id ?? "", 1);
  await node.exit(node.running("side")?.id ?? "", 0);
  assert.equal(statusOf(node, web, "side")?.state?.waiting?.reason, "CrashLoopBackOff");
  assert.equal(node.status(web)?.phase, "Running");
  await node.clock.pass(10_100);
  assert.equal(statusOf(node, web, "side")?.restartCount, 2);
  assert.equal(node.running("main")?.id, main);
});

test("when the regular containers are done the sidecars are ended, and the pod has succeeded", async () => {
  const job = podOf("job", { initContainers: [sidecar("one"), sidecar("two")], restartPolicy: "OnFailure" });
  const node = await nodeWith(job);
  const ids = ["two", "one"].map((name) => node.running(name)?.id);
  await node.exit(node.running("main")?.id ?? "", 0);
  await node.clock.pass(1_000);
  assert.equal(node.status(job)?.phase, "Succeeded");
  const stops = node.runtime.calls.filter((call) => call.startsWith("stopContainer"));
  assert.deepEqual(
    stops,
    ids.map((id) => `stopContainer ${id} 30`),
  );
});

test("a job is over although a sidecar waits for its next start", async () => {
  const job = podOf("job", { initContainers: [sidecar("side")], restartPolicy: "Never" });
  const node = await nodeWith(job);
  await node.exit(node.running("side")?.id ?? "", 1);
  await node.exit(node.running("side")?.id ?? "", 1);
  await node.exit(node.running("main")?.id ?? "", 3);
  await node.clock.pass(1_000);
  assert.equal(node.status(job)?.phase, "Failed");
});

test("until its postStart hook has ended a container has not started, and those after it wait", async () => {
  const hooked = container("main", { lifecycle: { postStart: { exec: { command: ["hook"] } } } });
  const web = podOf("web", { containers: [hooked, container("next")] });
  const node = new FakeNode();
  const hook = Promise.withResolvers<typeof failure>();
  node.runtime.command = () => hook.promise;
  node.source.showPods(web);
  await node.start();
  assert.equal(statusOf(node, web)?.state?.waiting?.reason, "ContainerCreating");
  assert.equal(node.running("next"), undefined);
  hook.resolve({ ...failure, exitCode: 0 });
  await node.clock.pass(100);
  assert.deepEqual([statusOf(node, web)?.ready, statusOf(node, web, "next")?.ready], [true, true]);
});

test("a postStart hook that fails ends its container, which is started again with back-off", async () => {
  const hooked = container("main", { lifecycle: { postStart: { exec: { command: ["hook"] } } } });
  const node = new FakeNode();
  node.runtime.command = async () => failure;
  const web = podOf("web", { containers: [hooked] });
  node.source.showPods(web);
  await node.start();
  const events = node.events();
  assert.ok(events.includes("FailedPostStartHook: PostStartHook failed"));
  assert.ok(events.includes("Killing: FailedPostStartHook"));
  const made = () => node.runtime.calls.filter((call) => call.startsWith("createContainer")).length;
  const before = made();
  await node.clock.pass(300_000);
  assert.ok(made() > before && made() - before <= 6, `${made() - before} starts in five minutes`);
});

test("a pod that is deleted while its postStart hook hangs is ended", async () => {
  const hooked = container("main", { lifecycle: { postStart: { exec: { command: ["hook"] } } } });
  const node = new FakeNode();
  node.runtime.command = () => new Promise(() => {});
  node.source.showPods(podOf("web", { containers: [hooked] }));
  await node.start();
  node.source.showPods();
  await node.clock.pass(15_000);
  assert.equal(node.runtime.sandboxes.size, 0);
});

test("a pod has the back-off that its annotations ask for; what they say wrongly is told", async () => {
  const pod = (max: string): Pod => {
    const web = podOf("web");
    const annotations = { ...web.metadata?.annotations, "tskubelet.dev/crash-loop-back-off-max": max };
    return { ...web, metadata: { ...web.metadata, annotations } };
  };
  const node = await nodeWith(pod("2s"));
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.exit(node.running("main")?.id ?? "", 1);
  assert.match(statusOf(node, pod("2s"))?.state?.waiting?.message ?? "", /^back-off 2s /);
  await node.clock.pass(2_100);
  assert.ok(node.running("main"));
  node.source.showPods(pod("soon"));
  await node.exit(node.running("main")?.id ?? "", 1);
  const told = node.events().find((event) => event.startsWith("InvalidBackOff"));
  assert.match(told ?? "", /crash-loop-back-off-max is not used: "soon" must be a duration from "1s" to "24h"$/);
});

test("a rule restarts a container of a pod that restarts nothing, another exit code ends the pod", async () => {
  const rule = { action: "Restart", exitCodes: { operator: "In", values: [42] } };
  const job = podOf("job", {
    containers: [container("main", { restartPolicy: "Never", restartPolicyRules: [rule] })],
    restartPolicy: "Never",
  });
  const node = await nodeWith(job);
  await node.exit(node.running("main")?.id ?? "", 42);
  assert.deepEqual([node.status(job)?.phase, statusOf(node, job)?.restartCount], ["Running", 1]);
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.clock.pass(1_000);
  assert.equal(node.status(job)?.phase, "Failed");
});

test("an ephemeral container comes into a running pod and goes again; nothing else notices", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  const main = node.running("main")?.id;
  node.source.showPods(podOf("web", { ephemeralContainers: [container("debug")] }));
  await node.clock.pass(1_000);
  assert.ok(statusOf(node, web, "debug")?.state?.running);
  const before = node.running("debug")?.id;
  await node.exit(before ?? "", 0);
  await node.clock.pass(60_000);
  assert.deepEqual([node.running("debug"), statusOf(node, web, "debug")?.state?.terminated?.exitCode], [undefined, 0]);
  node.source.showPods(podOf("web", { ephemeralContainers: [container("debug"), container("more")] }));
  await node.clock.pass(1_000);
  assert.ok(node.running("more"));
  node.source.showPods(web);
  await node.clock.pass(3_000);
  assert.deepEqual([node.running("more"), node.running("main")?.id], [undefined, main]);
});

test("an end that takes half as long again as its grace is told", async () => {
  const web = podOf("web", { terminationGracePeriodSeconds: 20 });
  const node = await nodeWith(web);
  const gate = node.runtime.hold("stopContainer");
  node.source.showPods();
  await node.clock.pass(29_500);
  const told = () => node.events().filter((event) => event.startsWith("ExceededGracePeriod")).length;
  assert.equal(told(), 0);
  await node.clock.pass(1_000);
  assert.equal(told(), 1);
  gate.open();
  await settle();
});

test("a pod whose manifest went while the agent was down is ended with its own grace and its preStop hook", async () => {
  const hooked = container("main", { lifecycle: { preStop: { exec: { command: ["bye"] } } } });
  const web = podOf("web", { containers: [hooked], terminationGracePeriodSeconds: 45 });
  const node = await nodeWith(web);
  const id = node.running("main")?.id;
  const stopped = node.agent.stop();
  await node.clock.pass(5_000);
  await stopped;
  node.source.showPods();
  await node.restart();
  await node.clock.pass(5_000);
  assert.ok(
    node.runtime.reads.some((read) => read.startsWith(`execSync ${id} bye`)),
    node.runtime.reads.join("\n"),
  );
  assert.ok(node.runtime.calls.includes(`stopContainer ${id} 45`), node.runtime.calls.join("\n"));
});
