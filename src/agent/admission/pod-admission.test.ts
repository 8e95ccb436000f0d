import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FAKE_OPTIONS, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import type { Pod, PodSpec } from "../../core/api/types.ts";
import { CONFIG_SOURCE_ANNOTATION } from "../../core/pod/critical.ts";
import { staticPod } from "../../core/pod/static-pod.ts";
import { RuntimeError } from "../../ports/errors.ts";

/** The node has 4 CPUs. */
function asking(name: string, cpu: string, spec: Partial<PodSpec> = {}): Pod {
  return podOf(name, { containers: [container(name, { resources: { requests: { cpu } } })], ...spec });
}

/** "reason: message" of the status. */
function outcome(node: FakeNode, pod: Pod): string {
  const { phase, reason, message } = node.status(pod) ?? {};
  return `${phase} ${reason}: ${message}`;
}

const OUT_OF_CPU =
  "Failed OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000";

async function nodeWith(...pods: readonly Pod[]): Promise<FakeNode> {
  const node = new FakeNode();
  node.source.showPods(...pods);
  await node.start();
  return node;
}

test("a pod without room is Failed with the kubelet's words, and nothing of it is made", async () => {
  const [first, second] = [asking("first", "3"), asking("second", "3")];
  const node = await nodeWith(first, second);
  await node.clock.pass(5_000);
  assert.ok(node.running("first"));
  assert.equal(outcome(node, second), OUT_OF_CPU);
  // Containers that wait would be shown instead of the reason.
  assert.equal(node.status(second)?.containerStatuses, undefined);
  assert.equal(node.runtime.sandboxes.size, 1);
  const told = node.events().filter((event) => event.startsWith("OutOf"));
  assert.deepEqual(told, [
    "OutOfcpu: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000",
  ]);
});

test("a refused standalone pod starts when another has left", async () => {
  const node = await nodeWith(asking("first", "3"), asking("second", "3"));
  await node.clock.pass(1_000);
  node.source.showPods(asking("second", "3"));
  await node.clock.pass(5_000);
  assert.ok(node.running("second"));
  assert.ok(node.events().includes("Admitted: There is room for the pod now"));
});

test("a refused static pod stays so until the agent starts anew", async () => {
  const first = asking("first", "3");
  const written = { metadata: { name: "fixed" }, spec: asking("fixed", "3").spec ?? { containers: [] } };
  const origin = staticPod(written, { nodeName: "node", location: "/static/fixed.yaml", isFile: true });
  const annotations = { ...origin.metadata?.annotations, [CONFIG_SOURCE_ANNOTATION]: "file" };
  const fixed = { ...origin, metadata: { ...origin.metadata, annotations } };
  // Static pods are critical: only one that is critical, too, can be in the way.
  const critical = { ...first, spec: { containers: [], ...first.spec, priority: 2_000_000_000 } };
  const node = await nodeWith(critical, fixed);
  await node.clock.pass(2_000);
  assert.equal(node.status(fixed)?.reason, "UnexpectedAdmissionError");
  node.source.showPods(fixed);
  await node.clock.pass(60_000);
  assert.equal(node.running("fixed"), undefined);
  await node.restart();
  await node.clock.pass(5_000);
  assert.ok(node.running("fixed"));
});

test("a pod that ran to its end makes room", async () => {
  const job = asking("job", "3", { restartPolicy: "Never" });
  const second = asking("second", "3");
  const node = await nodeWith(job, second);
  await node.clock.pass(1_000);
  assert.equal(outcome(node, second), OUT_OF_CPU);
  await node.exit(node.running("job")?.id ?? "", 0);
  await node.clock.pass(2_000);
  assert.ok(node.running("second"));
});

test("room of a pod that is ending is waited for", async () => {
  const node = await nodeWith(asking("first", "3", { terminationGracePeriodSeconds: 20 }));
  await node.clock.pass(1_000);
  const gate = node.runtime.hold("stopContainer");
  const second = asking("second", "3");
  node.source.showPods(second);
  await node.clock.pass(10_000);
  assert.equal(node.status(second)?.phase, "Pending");
  assert.equal(node.runtime.sandboxes.size, 1);
  const told = node.events().filter((event) => event.startsWith("WaitingForRoom"));
  assert.deepEqual(told, ["WaitingForRoom: Waiting for pods that are ending: default/first"]);
  gate.open();
  await node.clock.pass(5_000);
  assert.ok(node.running("second"));
});

test("a pod that replaces one of its name needs no room beside it", async () => {
  const node = await nodeWith(asking("web", "3"));
  await node.clock.pass(1_000);
  node.source.showPods(asking("web", "4"));
  await node.clock.pass(5_000);
  assert.ok(node.running("web"));
  assert.deepEqual(
    node.events().filter((event) => event.startsWith("OutOf")),
    [],
  );
});

test("a critical pod ends as few others as it needs, and starts when they have ended", async () => {
  const [small, large] = [asking("small", "1"), asking("large", "2")];
  const node = await nodeWith(small, large);
  await node.clock.pass(1_000);
  const gate = node.runtime.hold("stopContainer");
  const critical = asking("critical", "3", { priorityClassName: "system-node-critical" });
  node.source.showPods(small, large, critical);
  await node.clock.pass(3_000);
  assert.equal(node.running("critical"), undefined);
  gate.open();
  await node.clock.pass(3_000);
  assert.ok(node.running("critical"));
  assert.ok(node.running("small"));
  assert.equal(outcome(node, large), "Failed Preempting: Preempted in order to admit critical pod");
  const disrupted = node.status(large)?.conditions?.find(({ type }) => type === "DisruptionTarget");
  assert.equal(disrupted?.message, "Pod was preempted by Kubelet to accommodate a critical pod.");
  assert.ok(node.events().includes("Preempting: Preempted in order to admit critical pod"));
});

test("a preempted standalone pod is back when the critical one has left", async () => {
  const normal = asking("normal", "3");
  const node = await nodeWith(normal);
  await node.clock.pass(1_000);
  node.source.showPods(normal, asking("critical", "3", { priority: 2_000_000_000 }));
  await node.clock.pass(5_000);
  assert.equal(node.running("normal"), undefined);
  node.source.showPods(normal);
  await node.clock.pass(5_000);
  assert.ok(node.running("normal"));
});

test("a preemption that an agent had begun is finished by the next one, also when nobody needs it any more", async () => {
  const normal = asking("normal", "3");
  const node = await nodeWith(normal);
  await node.clock.pass(1_000);
  const id = node.running("normal")?.id;
  node.dieInsteadOfKilling();
  node.source.showPods(normal, asking("critical", "3", { priority: 2_000_000_000 }));
  await node.clock.pass(1_000);
  assert.equal(node.status(normal)?.phase, "Running");
  node.source.showPods(normal);
  await node.restart();
  await node.clock.pass(5_000);
  // What of it had ended already is never started again in the same life: it comes back as a new one.
  assert.ok(node.events().includes("Admitted: There is room for the pod now"));
  assert.ok(node.running("normal"));
  assert.notEqual(node.running("normal")?.id, id);
});

test("of pods that come together the critical one is let in first", async () => {
  const normal = asking("a-normal", "3");
  const node = await nodeWith(normal, asking("critical", "3", { priority: 2_000_000_000 }));
  await node.clock.pass(3_000);
  assert.ok(node.running("critical"));
  assert.equal(node.status(normal)?.reason, "OutOfcpu");
});

test("what runs is let in again after a restart of the agent, whatever else is new", async () => {
  const running = asking("z-running", "3");
  const node = await nodeWith(running);
  await node.clock.pass(1_000);
  const added = asking("a-new", "3", { priority: 1000 });
  node.source.showPods(added, running);
  const id = node.running("z-running")?.id;
  for (const { key } of node.store.list("podStatus")) node.store.delete("podStatus", key);
  await node.restart();
  await node.clock.pass(5_000);
  assert.equal(node.running("z-running")?.id, id);
  assert.equal(node.status(added)?.reason, "OutOfcpu");
});

test("nobody new is let in before the runtime has told what runs", async () => {
  const node = new FakeNode();
  const unavailable = new RuntimeError("Unavailable", "ListContainers", "connection refused");
  for (const call of ["listContainers", "listPodSandbox", "status"]) node.runtime.fail(call, unavailable);
  const pod = asking("web", "3");
  node.source.showPods(pod);
  await node.start();
  await node.clock.pass(20_000);
  assert.deepEqual(node.agent.workers.uids(), []);
  assert.equal(node.status(pod)?.phase, "Pending");
  node.runtime.heal();
  await node.clock.pass(20_000);
  assert.ok(node.running("web"));
});

test("an edit that concerns the refusal is looked at at once", async () => {
  const taints = [{ key: "burning", effect: "NoExecute" }];
  const node = new FakeNode({ admission: { node: { ...FAKE_OPTIONS.admission.node, taints } } });
  const pod = asking("web", "1");
  node.source.showPods(pod);
  await node.start();
  await node.clock.pass(2_000);
  assert.equal(node.status(pod)?.reason, "TaintToleration");
  const tolerations = [{ operator: "Exists" as const }];
  node.source.showPods({ ...pod, spec: { containers: [], ...pod.spec, tolerations } });
  await node.clock.pass(2_000);
  assert.ok(node.running("web"));
});

test("ports of the node are held by one pod at a time", async () => {
  const ports = [{ containerPort: 80, hostPort: 8080 }];
  const [a, b] = ["a", "b"].map((name) => podOf(name, { containers: [container(name, { ports })] })) as [Pod, Pod];
  const node = await nodeWith(a, b);
  await node.clock.pass(2_000);
  assert.equal(
    outcome(node, b),
    "Failed NodePorts: Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  );
  node.source.showPods(b);
  await node.clock.pass(5_000);
  assert.ok(node.running("b"));
});
