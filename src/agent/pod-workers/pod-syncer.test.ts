import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeNode, manifest, podOf } from "../../../test/support/fakes-agent.ts";
import { settle } from "../../../test/support/fakes-clock.ts";
import type { Pod } from "../../core/api/types.ts";
import { HostError, RuntimeError } from "../../ports/errors.ts";

async function nodeWith(...pods: readonly Pod[]): Promise<FakeNode> {
  const node = new FakeNode();
  node.source.showPods(...pods);
  await node.start();
  return node;
}

function waiting(node: FakeNode, pod: Pod, name = "main") {
  const { containerStatuses = [], initContainerStatuses = [] } = node.status(pod) ?? {};
  return [...containerStatuses, ...initContainerStatuses].find((each) => each.name === name)?.state?.waiting;
}

test("a pod gets its cgroup, directory, sandbox and containers, and tells so", async () => {
  const web = podOf("web", { containers: [container("one"), container("two")] });
  const node = await nodeWith(web);
  assert.deepEqual(
    node.runtime.calls.filter((call) => !/^(version|status)/.test(call)),
    [
      "runPodSandbox web 0",
      "createContainer one 0",
      `startContainer ${node.running("one")?.id}`,
      "createContainer two 0",
      `startContainer ${node.running("two")?.id}`,
    ],
  );
  assert.deepEqual(
    [node.status(web)?.phase, node.status(web)?.podIP, node.files.pods.size, node.logFiles.links.size],
    ["Running", "10.0.0.9", 1, 2],
  );
  assert.deepEqual(
    node.events().filter((event) => event.includes(" one") || event.startsWith("Pulled")),
    [
      'Pulled: Container image "busybox:1" already present on machine',
      "Created: Created container one",
      "Started: Started container one",
      'Pulled: Container image "busybox:1" already present on machine',
    ],
  );
});

test("a look at a pod at rest asks the runtime nothing and writes nothing", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  await node.clock.pass(2_000);
  node.runtime.reads.length = 0;
  node.runtime.calls.length = 0;
  const { writes } = node.store;
  for (let look = 0; look < 3; look += 1) {
    node.agent.workers.wake(web.metadata?.uid ?? "");
    await settle();
  }
  assert.deepEqual([node.runtime.reads, node.runtime.calls, node.store.writes - writes], [[], [], 0]);
});

test("a crash is made good at once, the next one after 10 s, then 20 s", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  await node.exit(node.running("main")?.id ?? "", 1);
  const made = () => node.runtime.calls.filter((call) => call.startsWith("createContainer")).length;
  assert.equal(made(), 2);
  for (const seconds of [10, 20, 40]) {
    const count = made();
    await node.exit(node.running("main")?.id ?? "", 1);
    assert.deepEqual(waiting(node, web), {
      reason: "CrashLoopBackOff",
      message: `back-off ${seconds}s restarting failed container=main pod=web_default(${web.metadata?.uid})`,
    });
    await node.clock.pass(seconds * 1_000 - 200);
    assert.equal(made(), count);
    await node.clock.pass(400);
    assert.equal(made(), count + 1);
  }
  assert.equal(node.status(web)?.containerStatuses?.[0]?.restartCount, 4);
});

test("an instance whose newest sibling was removed and left its log writes over no log", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  await node.exit(node.running("main")?.id ?? "", 1);
  node.logFiles.names = ["0.log", "1.log", "4.log"];
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.clock.pass(10_100);
  assert.equal(node.status(web)?.containerStatuses?.[0]?.restartCount, 5);
});

test("a wall clock that jumps stretches no back-off", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.exit(node.running("main")?.id ?? "", 1);
  node.clock.setWall(-86_400_000);
  await node.clock.pass(10_100);
  assert.ok(node.running("main"));
});

test("init containers run one after the other, and main ones after them", async () => {
  const pod = podOf("web", { initContainers: [container("i1"), container("i2")] });
  const node = await nodeWith(pod);
  assert.deepEqual([node.runtime.instances("i1").length, node.runtime.instances("i2").length], [1, 0]);
  assert.equal(waiting(node, pod)?.reason, "PodInitializing");
  await node.exit(node.running("i1")?.id ?? "", 0);
  assert.equal(node.runtime.instances("main").length, 0);
  await node.exit(node.running("i2")?.id ?? "", 0);
  assert.ok(node.running("main"));
  assert.equal(node.status(pod)?.phase, "Running");
});

test("a failed init container is tried again with back-off, with policy Never it fails the pod", async () => {
  const again = podOf("again", { initContainers: [container("init")] });
  const never = podOf("never", { initContainers: [container("once")], restartPolicy: "Never" });
  const node = await nodeWith(again, never);
  await node.exit(node.running("init")?.id ?? "", 1);
  await node.exit(node.running("init")?.id ?? "", 1);
  assert.equal(waiting(node, again, "init")?.reason, "CrashLoopBackOff");
  await node.clock.pass(10_100);
  assert.ok(node.running("init"));
  await node.exit(node.running("once")?.id ?? "", 1);
  await node.clock.pass(100);
  assert.equal(node.status(never)?.phase, "Failed");
  assert.equal(node.runtime.instances("once").length, 1);
});

test("a sandbox that died is replaced, and everything in it begins anew", async () => {
  const pod = podOf("web", { initContainers: [container("init")] });
  const node = await nodeWith(pod);
  await node.exit(node.running("init")?.id ?? "", 0);
  const [id = ""] = node.runtime.sandboxes.keys();
  await node.runtime.stopPodSandbox(id);
  node.eventSource.tell("stopped", id);
  await node.clock.pass(100);
  assert.ok(node.runtime.calls.includes("runPodSandbox web 1"));
  assert.ok(node.running("init"));
  assert.ok(node.events().includes("SandboxChanged: Pod sandbox changed, it will be killed and re-created."));
});

test("a sandbox that cannot be made uses up no crash back-off of the containers", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  await node.exit(node.running("main")?.id ?? "", 1);
  node.runtime.fail("runPodSandbox", new RuntimeError("Unknown", "RunPodSandbox", "no address left"));
  const [id = ""] = node.runtime.sandboxes.keys();
  await node.runtime.stopPodSandbox(id);
  node.eventSource.tell("stopped", id);
  await node.clock.pass(60_000);
  assert.ok(node.events().includes("FailedCreatePodSandBox: Failed to create pod sandbox: no address left"));
  node.runtime.heal();
  await node.clock.pass(2_100);
  assert.ok(node.running("main"));
  await node.exit(node.running("main")?.id ?? "", 1);
  assert.match(waiting(node, web)?.message ?? "", /^back-off 20s /);
});

test("what keeps a container from starting stands in its status", async () => {
  const create = podOf("create");
  const start = podOf("start");
  const config = podOf("config", {
    containers: [container("main", { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "no", key: "k" } } }] })],
  });
  const image = podOf("image", { containers: [container("main", { image: "none", imagePullPolicy: "Never" })] });
  const node = new FakeNode();
  node.runtime.before = (call, id) => {
    if (call === "createContainer" && node.runtime.calls.includes("runPodSandbox create 0") && id === "main 0") {
      if (!node.runtime.calls.includes("runPodSandbox start 0"))
        throw new RuntimeError("Unknown", call, "no such command");
    }
    if (call === "startContainer") throw new RuntimeError("Unknown", call, "cannot exec");
    return undefined;
  };
  node.source.showPods(create);
  await node.start();
  assert.deepEqual(waiting(node, create), { reason: "CreateContainerError", message: "no such command" });
  node.source.showPods(create, start, config, image);
  await node.clock.pass(1_000);
  assert.deepEqual(waiting(node, start), { reason: "RunContainerError", message: "cannot exec" });
  assert.deepEqual(waiting(node, config), {
    reason: "CreateContainerConfigError",
    message: 'configmap "no" not found',
  });
  assert.equal(waiting(node, image)?.reason, "ErrImageNeverPull");
});

test("a container that is made but cannot be started is made again after 10 s, not at once and for ever", async () => {
  const node = new FakeNode();
  node.runtime.fail("startContainer", new RuntimeError("Unknown", "StartContainer", "sandbox is not running"));
  node.source.showPods(podOf("web"));
  await node.start();
  const made = () => node.runtime.calls.filter((call) => call.startsWith("createContainer")).length;
  assert.equal(made(), 1);
  await node.clock.pass(30_000);
  assert.equal(made(), 4);
  node.runtime.heal();
  await node.clock.pass(10_000);
  assert.ok(node.running("main"));
});

test("without a pod network only pods on the host's start; with it the others do", async () => {
  const pod = podOf("web");
  const onHost = podOf("host", { hostNetwork: true, containers: [container("onhost")] });
  const node = new FakeNode();
  const ready = node.runtime.conditions;
  node.runtime.conditions = ready.map((each) =>
    each.type === "NetworkReady" ? { ...each, status: false, reason: "NoCni", message: "no plugin" } : each,
  );
  node.source.showPods(pod, onHost);
  await node.start();
  assert.deepEqual([node.running("main"), node.running("onhost") !== undefined], [undefined, true]);
  assert.ok(
    node
      .events()
      .includes(
        "NetworkNotReady: network is not ready: container runtime network not ready: NetworkReady=false reason:NoCni message:no plugin",
      ),
  );
  node.runtime.conditions = ready;
  await node.clock.pass(7_000);
  assert.ok(node.running("main"));
});

test("a pod waits for its ConfigMap and starts as soon as it is there", async () => {
  const pod = podOf("web", {
    volumes: [{ name: "page", configMap: { name: "page" } }],
    containers: [container("main", { volumeMounts: [{ name: "page", mountPath: "/page" }] })],
  });
  const node = await nodeWith(pod);
  assert.equal(waiting(node, pod)?.reason, "ContainerCreating");
  assert.ok(
    node.events().includes('FailedMount: MountVolume.SetUp failed for volume "page" : configmap "page" not found'),
  );
  const page = { kind: "ConfigMap", object: { metadata: { name: "page", namespace: "default" }, data: { a: "1" } } };
  node.source.show({ "/manifests/web.json": manifest(pod, page as never) });
  await settle();
  assert.ok(node.running("main"));
});

test("a running pod whose ConfigMap goes keeps what it shows, and its container starts again when it dies", async () => {
  const pod = podOf("web", {
    volumes: [{ name: "page", configMap: { name: "page" } }],
    containers: [container("main", { volumeMounts: [{ name: "page", mountPath: "/page" }] })],
  });
  const page = { kind: "ConfigMap", object: { metadata: { name: "page", namespace: "default" }, data: { a: "1" } } };
  const node = new FakeNode();
  node.source.show({ "/manifests/web.json": manifest(pod, page as never) });
  await node.start();
  assert.ok(node.running("main"));
  node.source.show({ "/manifests/web.json": manifest(pod) });
  await settle();
  assert.ok(node.events().some((event) => event.endsWith('"page" : configmap "page" not found')));
  const restarts = () => node.status(pod)?.containerStatuses?.[0]?.restartCount;
  await node.exit(node.running("main")?.id ?? "", 1);
  assert.deepEqual([restarts(), node.running("main") !== undefined], [1, true]);
  assert.equal(node.files.payloads.get(`${pod.metadata?.uid}/page`)?.length, 1);
});

test("a disk or cgroup that refuses is told as an event, and the pod starts when it does no more", async () => {
  const node = new FakeNode();
  node.files.problem = new HostError("NoSpace", "/pods/x", "no space left on device");
  const pod = podOf("web");
  node.source.showPods(pod);
  await node.start();
  assert.ok(
    node
      .events()
      .includes("FailedToMakePodDataDirectories: error making pod data directories: no space left on device"),
  );
  node.files.problem = undefined;
  await node.clock.pass(10_000);
  assert.ok(node.running("main"));
});

test("an edit of an image kills the container in place and starts the new one", async () => {
  const pod = podOf("web", { terminationGracePeriodSeconds: 7 });
  const node = await nodeWith(pod);
  const old = node.running("main")?.id;
  node.images.present.add("busybox:2");
  node.source.showPods({ ...pod, spec: { ...pod.spec, containers: [container("main", { image: "busybox:2" })] } });
  await node.clock.pass(100);
  assert.ok(node.runtime.calls.includes(`stopContainer ${old} 7`));
  assert.equal(node.running("main")?.image.image, "id-of-busybox:2");
  assert.ok(node.events().includes("Killing: Container main definition changed, will be restarted"));
});

test("a pod that was active for too long is ended as DeadlineExceeded and stays so", async () => {
  const pod = podOf("web", { activeDeadlineSeconds: 20 });
  const node = await nodeWith(pod);
  await node.clock.pass(20_000);
  assert.deepEqual([node.status(pod)?.phase, node.status(pod)?.reason], ["Failed", "DeadlineExceeded"]);
  assert.equal(node.running("main"), undefined);
  await node.clock.pass(120_000);
  assert.equal(node.runtime.instances("main").length, 1, "its container stays for its logs");
  await node.restart();
  assert.equal(node.status(pod)?.reason, "DeadlineExceeded");
});

test("a pod that had come to its end, and is made to go faster, keeps the reason of that end", async () => {
  const pod = podOf("job", { restartPolicy: "Never" });
  const node = await nodeWith(pod);
  node.runtime.fail("stopPodSandbox", new RuntimeError("Unknown", "StopPodSandbox", "try again"));
  await node.exit(node.running("main")?.id ?? "", 1);
  await node.clock.pass(1_000);
  assert.equal(node.status(pod)?.phase, "Failed");
  const status = { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." } as const;
  node.agent.workers.kill(pod, { graceSeconds: 0, atOnce: true, evict: true, status });
  node.runtime.heal();
  await node.clock.pass(20_000);
  assert.deepEqual([node.status(pod)?.phase, node.status(pod)?.reason], ["Failed", undefined]);
});

test("a pod that is edited into another one: the new one starts when the old one has ended", async () => {
  const node = await nodeWith(podOf("web", { containers: [container("old")] }));
  const gate = node.runtime.hold("stopContainer");
  node.source.showPods(podOf("web", { containers: [container("new")] }));
  await node.clock.pass(5_000);
  assert.equal(node.running("new"), undefined);
  gate.open();
  await node.clock.pass(2_000);
  assert.ok(node.running("new"));
  assert.deepEqual([node.runtime.sandboxes.size, node.files.pods.size], [1, 1]);
});

test("while the runtime is down pods are left as they are, and the node says why it is not ready", async () => {
  const web = podOf("web");
  const node = await nodeWith(web);
  const down = new RuntimeError("Unavailable", "Status", "connection refused");
  for (const call of ["status", "version", "listContainers", "listPodSandbox"]) node.runtime.fail(call, down);
  await node.clock.pass(20_000);
  assert.deepEqual(node.agent.view.readiness(), {
    ready: false,
    reason: "KubeletNotReady",
    message: "container runtime is down: connection refused",
  });
  assert.equal(node.status(web)?.phase, "Running");
  const other = podOf("other", { containers: [container("late")] });
  node.source.showPods(other);
  await node.clock.pass(20_000);
  assert.deepEqual(
    node.runtime.calls.filter((call) => /^(stop|remove|run)/.test(call)),
    ["runPodSandbox web 0"],
  );
  node.runtime.heal();
  await node.clock.pass(15_000);
  assert.deepEqual([node.agent.view.readiness().ready, node.running("main")], [true, undefined]);
  assert.ok(node.running("late"));
});

test("an agent that starts again takes over what runs, restarts nothing and remembers what ended", async () => {
  const web = podOf("web");
  const job = podOf("job", {
    restartPolicy: "Never",
    containers: [container("once", { terminationMessagePath: "/dev/termination-log" })],
  });
  const node = await nodeWith(web, job);
  const id = node.running("once")?.id ?? "";
  const log = node.running("once")?.mounts.find(({ containerPath }) => containerPath === "/dev/termination-log");
  node.files.tails.set(log?.hostPath ?? "", "last words");
  await node.exit(id, 0);
  await node.clock.pass(1_000);
  const before = [node.status(web), node.status(job)];
  assert.equal(before[1]?.containerStatuses?.[0]?.state?.terminated?.message, "last words");
  node.files.tails.clear();
  await node.restart();
  await node.clock.pass(70_000);
  assert.deepEqual([node.status(web), node.status(job)], before);
  assert.deepEqual(
    node.runtime.calls.filter((call) => /^(create|start|stopC|remove|run)/.test(call)),
    [],
  );
});

test("a pod that has succeeded and is chosen for eviction on its way out has succeeded all the same", async () => {
  const job = podOf("job", { restartPolicy: "Never" });
  const node = await nodeWith(job);
  node.runtime.fail("stopPodSandbox", new RuntimeError("Unknown", "StopPodSandbox", "busy"));
  await node.exit(node.running("main")?.id ?? "", 0);
  await node.clock.pass(1_000);
  const status = { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." } as const;
  node.agent.workers.kill(job, { graceSeconds: 0, evict: true, status });
  node.runtime.heal();
  await node.clock.pass(30_000);
  assert.equal(node.agent.workers.state.workers[job.metadata?.uid ?? ""]?.phase, "finished");
  assert.deepEqual([node.status(job)?.phase, node.status(job)?.reason], ["Succeeded", undefined]);
});
