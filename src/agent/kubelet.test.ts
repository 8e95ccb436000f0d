import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeNode, manifest, podOf } from "../../test/support/fakes-agent.ts";
import { settle } from "../../test/support/fakes-clock.ts";
import { MEMORY_FIELDS, nodeWithEviction, setMemory } from "../../test/support/fakes-memory.ts";
import { containerOfPod, labelsOf } from "../../test/support/fakes-runtime.ts";
import { RuntimeError } from "../ports/errors.ts";

const LOST = "0e0e0e0e-0000-0000-0000-000000000000";
const lostCgroup = `kubepods/burstable/pod${LOST}`;

function addLostPod(node: FakeNode): void {
  node.runtime.addSandbox("s-lost", labelsOf(LOST, "lost"));
  node.runtime.containers.set("c-lost", { ...containerOfPod(LOST, "c-lost", "main"), podSandboxId: "s-lost" });
  node.files.pods.add(LOST);
  node.cgroups.names.add(lostCgroup);
}

test("what an earlier agent left of a pod that nobody wants is ended and removed", async () => {
  const node = new FakeNode();
  addLostPod(node);
  node.source.showPods();
  await node.start();
  await node.clock.pass(5_000);
  assert.deepEqual([node.runtime.containers.size, node.runtime.sandboxes.size, node.files.pods.size], [0, 0, 0]);
  assert.ok(!node.cgroups.names.has(lostCgroup));
  assert.ok(node.runtime.calls.includes("stopContainer c-lost 2"));
});

test("nothing is cleaned up before every source has told its pods", async () => {
  const node = new FakeNode();
  addLostPod(node);
  await node.start();
  node.source.unreadable("permission denied");
  await node.clock.pass(120_000);
  assert.deepEqual([node.runtime.containers.size, node.files.pods.size], [1, 1]);
  node.source.showPods();
  await node.clock.pass(5_000);
  assert.deepEqual([node.runtime.containers.size, node.files.pods.size], [0, 0]);
});

test("one directory and one cgroup that cannot be removed hold up no other, and are tried again", async () => {
  const node = new FakeNode();
  for (const uid of ["a", "b"]) {
    node.files.pods.add(uid);
    node.cgroups.names.add(`kubepods/pod${uid}`);
  }
  node.files.mounted.add("a");
  node.cgroups.busy.add("kubepods/poda");
  node.source.showPods();
  await node.start();
  await node.clock.pass(2_000);
  assert.deepEqual([[...node.files.pods], node.cgroups.names.has("kubepods/podb")], [["a"], false]);
  node.files.mounted.clear();
  node.cgroups.busy.clear();
  await node.clock.pass(31_000);
  assert.deepEqual([node.files.pods.size, node.cgroups.names.has("kubepods/poda")], [0, false]);
});

test("processes in a pod's cgroup that this agent knows nothing of are another kubelet's", async () => {
  const node = new FakeNode();
  node.cgroups.names.add(lostCgroup);
  node.cgroups.pids.set(lostCgroup, [4711]);
  node.source.showPods();
  await node.start();
  await node.clock.pass(120_000);
  assert.ok(node.cgroups.names.has(lostCgroup));
  assert.equal(node.log.lines.filter((line) => line.includes("cgroup")).length, 1);
});

test("a pod that is wanted while its leftovers are being removed starts afterwards", async () => {
  const web = podOf("web");
  const uid = web.metadata?.uid ?? "";
  const node = new FakeNode();
  node.files.pods.add(uid);
  let removed: () => void = () => {};
  const removal = new Promise<void>((resolve) => {
    removed = resolve;
  });
  const remove = node.files.removePod.bind(node.files);
  node.files.removePod = async (each) => {
    await removal;
    return remove(each);
  };
  node.source.showPods();
  await node.start();
  await node.clock.pass(2_000);
  node.source.showPods(web);
  await node.clock.pass(100);
  assert.equal(node.running("main"), undefined);
  removed();
  await node.clock.pass(100);
  assert.ok(node.running("main"));
  assert.ok(node.files.pods.has(uid));
});

test("a pod that comes back waits until the end of its old life is no longer stored: another agent would end it again", async () => {
  const web = podOf("web");
  const node = new FakeNode();
  node.source.showPods(web);
  await node.start();
  await node.clock.pass(2_000);
  node.store.full = true;
  node.source.showPods();
  await node.clock.pass(5_000);
  assert.equal(node.runtime.sandboxes.size, 0);
  node.source.showPods(web);
  await node.clock.pass(10_000);
  assert.equal(node.runtime.sandboxes.size, 0, "the disk is full");
  node.store.full = false;
  await node.clock.pass(10_000);
  assert.ok(node.running("main"));
});

test("stopping all pods ends what runs, orphans too, whatever the sources say meanwhile", async () => {
  const node = new FakeNode();
  addLostPod(node);
  node.source.showPods(podOf("web"));
  const started = node.agent.start();
  await settle();
  const stopped = node.agent.stopPods();
  node.source.showPods(podOf("late", { containers: [container("late")] }));
  await node.clock.pass(3_000);
  await started;
  assert.deepEqual(await stopped, []);
  assert.deepEqual([node.runtime.containers.size, node.runtime.sandboxes.size, node.files.pods.size], [0, 0, 0]);
});

test("pods that do not end in time are named", async () => {
  const node = new FakeNode();
  node.source.showPods(podOf("web"));
  await node.start();
  node.runtime.hold("stopContainer");
  const stopped = node.agent.stopPods();
  await node.clock.pass(91_000);
  assert.deepEqual(await stopped, ["web_default"]);
});

test("the node's readiness is told as an event, with what is wrong", async () => {
  const node = new FakeNode();
  node.source.showPods();
  await node.start();
  await node.clock.pass(2_000);
  node.runtime.fail("status", new RuntimeError("Unavailable", "Status", "connection refused"));
  await node.clock.pass(6_000);
  assert.deepEqual(node.events(), [
    "NodeReady: Node node status is now: NodeReady",
    "NodeNotReady: Node node status is now: NodeNotReady (container runtime is down: connection refused)",
  ]);
});

test("the end of the agent leaves pods running and nothing to wait for", async () => {
  const node = new FakeNode();
  node.source.showPods(podOf("web"));
  await node.start();
  await node.clock.pass(60_000);
  const before = node.clock.monotonic();
  await node.agent.stop();
  await settle();
  assert.deepEqual([node.clock.monotonic(), node.clock.pendingTimers], [before, 0]);
  assert.ok(node.running("main"));
});

test("a runtime that hangs does not hold up the end of the agent", async () => {
  const node = new FakeNode();
  node.source.showPods(podOf("web"));
  await node.start();
  for (const call of ["status", "listContainers", "listPodSandbox", "containerStatus"]) node.runtime.hold(call);
  await node.clock.pass(60_000);
  const stopped = node.agent.stop();
  await node.clock.pass(30_000);
  await stopped;
  assert.equal(node.running("main")?.state, "CONTAINER_RUNNING");
});

test("a pod that runs is let in under pressure, also where its status was lost and it could not be observed yet", async () => {
  const web = podOf("web");
  const node = nodeWithEviction(MEMORY_FIELDS);
  setMemory(node, new Map([[web, 10]]));
  node.source.showPods(web);
  await node.start();
  await node.clock.pass(5_000);
  node.source.tell({ unreadable: "not yet" });
  node.store.rows.clear();
  setMemory(
    node,
    new Map([
      [web, 10],
      [podOf("others"), 900],
    ]),
  );
  node.runtime.fail("containerStatus", new RuntimeError("Unavailable", "ContainerStatus", "connection refused"));
  await node.restart();
  await node.clock.pass(10_000);
  // The shortage is over, the condition stands for a while.
  setMemory(node, new Map([[web, 10]]));
  await node.clock.pass(10_000);
  assert.deepEqual(node.agent.view.pressureConditions(), ["MemoryPressure"]);
  node.source.showPods(web);
  await node.clock.pass(1_000);
  node.runtime.heal();
  await node.clock.pass(30_000);
  assert.equal(node.status(web)?.phase, "Running");
  assert.deepEqual(
    node.runtime.calls.filter((call) => call.startsWith("stopContainer")),
    [],
  );
});

test("a new pod that sets what is not acted on yet runs, and is told which fields, once", async () => {
  const node = new FakeNode();
  await node.start();
  const resizePolicy = [{ resourceName: "cpu", restartPolicy: "NotRequired" }];
  const odd = podOf("odd", { containers: [container("main", { resizePolicy })], resourceClaims: [{ name: "gpu" }] });
  node.source.showPods(odd, podOf("plain"));
  await node.clock.pass(70_000);
  assert.equal(node.status(odd)?.phase, "Running");
  const told = node.agent.events.list().filter(({ reason }) => reason === "FieldNotSupported");
  assert.deepEqual(
    told.map(({ message, count }) => [message, count]),
    [["not acted on by this version: spec.containers[0].resizePolicy, spec.resourceClaims", 1]],
  );
});

test("a pod whose security this node cannot keep has failed, and nothing of it is made", async () => {
  const node = new FakeNode({ allowedUnsafeSysctls: ["kernel.msg*"] });
  await node.start();
  const withSysctl = (name: string, sysctl: string) =>
    podOf(name, { securityContext: { sysctls: [{ name: sysctl, value: "1" }] } });
  const [good, bad] = [withSysctl("good", "kernel/msgmax"), withSysctl("bad", "vm.swappiness")];
  node.source.showPods(good, bad);
  await node.clock.pass(5_000);
  assert.equal(node.status(good)?.phase, "Running");
  const { phase, reason, message } = node.status(bad) ?? {};
  assert.deepEqual([phase, reason], ["Failed", "SysctlForbidden"]);
  assert.equal(message, 'Pod was rejected: forbidden sysctl: "vm.swappiness" not allowlisted');
  assert.deepEqual(
    node.runtime.sandboxConfigs.map(({ linux }) => linux?.sysctls),
    [{ "kernel.msgmax": "1" }],
  );
});

test("a runtime class that comes late frees the pod that waits for it, with its handler", async () => {
  const node = new FakeNode();
  await node.start();
  const pod = podOf("classed", { runtimeClassName: "kata" });
  const file = { "/manifests/classed.json": manifest(pod) };
  node.source.show(file);
  await node.clock.pass(1_000);
  const text = 'FailedCreatePodSandBox: Failed to create pod sandbox: runtimeclass.node.k8s.io "kata" not found';
  assert.ok(node.events().includes(text), node.events().join("\n"));
  const object = { metadata: { name: "kata" }, handler: "kata-qemu", overhead: { podFixed: { memory: "16Mi" } } };
  node.source.show({ ...file, "/manifests/class.json": manifest({ kind: "RuntimeClass", object }) });
  await node.clock.pass(1_000);
  assert.equal(node.status(pod)?.phase, "Running");
  assert.deepEqual(
    [...node.runtime.sandboxes.values()].map(({ runtimeHandler }) => runtimeHandler),
    ["kata-qemu"],
  );
  // Neither the class nor the resolver file matters to a sandbox that is there.
  node.source.show(file);
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.clock.pass(15_000);
  assert.equal(node.running("main")?.metadata.attempt, 1);
});
