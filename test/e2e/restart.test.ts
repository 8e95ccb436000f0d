import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { makeCgroup, observeLimits } from "../support/cgroup-limits.ts";
import { LifeRecorder } from "../support/lives.ts";
import { observeMachineLeftovers, PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { chooseSeed, Random } from "../support/random.ts";
import {
  livingProcesses,
  observeRealPods,
  type RealPod,
  runningContainers,
  wantedContainers,
} from "../support/real-state.ts";

const KILLS = 20;
const GUESTS = ["ada", "bob", "cyd", "dan", "eve", "fay"];

describe("an agent that ends and starts again", { concurrency: 1 }, () => {
  const node = new AgentNode({ bridge: "tskrst0" });
  const traces = new PodTraces(node);
  const shared = join(node.base, "shared");
  before(async () => {
    mkdirSync(shared);
    await node.start();
    node.write("plain.yaml", shellPod("plain", SLEEP));
    node.write(
      "double.yaml",
      shellPod("double", "", { containers: [container("main", SLEEP), container("side", SLEEP)] }),
    );
    node.write("inited.yaml", shellPod("inited", SLEEP, { initContainers: [container("init", "true")] }));
    node.write("done.yaml", shellPod("done", "exit 0", { restartPolicy: "Never" }));
    for (const name of ["plain", "double", "inited"]) await node.untilPod(name, "is ready", isRunning);
    await node.untilPod("done", "has succeeded", ({ status }) => status?.phase === "Succeeded");
    // It is told to have succeeded before its sandbox is stopped.
    await node.until("the sandbox of what is done is stopped", async () => {
      const done = (await observeRealPods(node)).find(({ name }) => name === "done");
      return done?.readySandboxes.length === 0;
    });
  });
  after(() => node.close());

  /** Pods that nobody touches: nothing of them may ever change. */
  const RESIDENTS = ["plain", "double", "inited", "done"];
  const residents = async () => (await observeRealPods(node)).filter(({ name }) => RESIDENTS.includes(name));
  const untouched = async (what: string, action: () => Promise<void>) => {
    const real = await residents();
    const shown = await Promise.all(RESIDENTS.map((name) => node.pod(name)));
    const processes = livingProcesses(node, real);
    assert.equal(real.flatMap(({ running }) => running).length, 4);
    await action();
    assert.deepEqual(await residents(), real, `${what}: the runtime's pods`);
    assert.deepEqual(livingProcesses(node, real), processes, `${what}: their processes`);
    assert.deepEqual(await Promise.all(RESIDENTS.map((name) => node.pod(name))), shown, `${what}: what the API shows`);
  };

  it(`is killed ${KILLS} times at random moments while pods come and go; then all is as wanted`, async (t) => {
    const seed = chooseSeed();
    t.diagnostic(`TSKUBELET_SEED=${seed} repeats the choices`);
    const random = new Random(seed);
    const recorder = new LifeRecorder(node.cri);
    await recorder.start();
    let version = 0;
    const change = () => {
      const name = random.pick(GUESTS) ?? "ada";
      if (random.below(3) === 0) node.remove(`${name}.yaml`);
      else node.write(`${name}.yaml`, guest(name, random.below(2) === 0 ? 0 : ++version));
    };
    await untouched(`seed ${seed}`, async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        for (let changes = 1 + random.below(3); changes > 0; changes -= 1) change();
        await sleep(random.below(2000));
        await traces.remember();
        await node.end("SIGKILL");
        if (random.below(3) === 0) change();
        node.launch();
        // Now and then it is killed while it starts.
        if (random.below(4) > 0) await node.untilReady();
      }
      await node.untilReady();
      await untilAsWanted(node, `seed ${seed}`);
    });
    for (const name of GUESTS) node.remove(`${name}.yaml`);
    await Promise.all(GUESTS.map((name) => node.untilGone(name)));
    await node.until("the runtime has only the residents", async () => {
      return (await observeRealPods(node)).every(({ name }) => RESIDENTS.includes(name));
    });
    await recorder.stop();
    const lives = recorder.lives();
    t.diagnostic(`${lives.length} containers and sandboxes lived`);
    assert.ok(lives.length > KILLS);
    assert.deepEqual(recorder.overlaps(), [], `seed ${seed}: two lived in one role`);
  });

  it("leaves its pods when it is told to end, and takes them up again", async () => {
    const containerd = node.containerdPid;
    await untouched("SIGTERM", async () => {
      assert.equal(await node.end("SIGTERM"), 0);
      assert.equal((await residents()).flatMap(({ running }) => running).length, 4);
      await node.start();
      await node.until("the pods are shown", async () => (await node.pods()).length === RESIDENTS.length);
      await sleep(300);
    });
    assert.equal(node.containerdPid, containerd);
  });

  it("makes good what happened while it was away, and clears away what is nobody's", async () => {
    node.write("victim.yaml", shellPod("victim", SLEEP));
    node.write("orphan.yaml", shellPod("orphan", SLEEP));
    const [victim, orphan] = await Promise.all(
      ["victim", "orphan"].map((name) => node.untilPod(name, "is ready", isRunning)),
    );
    assert.ok(victim && orphan);
    await node.end("SIGKILL");
    process.kill(node.processOf(containerIdOf(victim)), "SIGKILL");
    node.remove("orphan.yaml");
    const stray = "0e0e0e0e-0000-0000-0000-000000000000";
    mkdirSync(join(node.rootDir, "pods", stray, "volumes", "kubernetes.io~empty-dir", "data"), { recursive: true });
    writeFileSync(join(node.rootDir, "pods", stray, "volumes", "kubernetes.io~empty-dir", "data", "file"), "x");
    makeCgroup(`${node.cgroupRoot}/kubepods/besteffort/pod${stray}`);
    await node.start();
    const again = await node.untilPod(
      "victim",
      "is replaced",
      (pod) => isRunning(pod) && statusOf(pod)?.restartCount === 1,
    );
    assert.equal(statusOf(again)?.lastState?.terminated?.exitCode, 137);
    await node.until("the orphan is gone", async () => {
      return (await observeRealPods(node)).every(({ name }) => name !== "orphan") && !existsSync(node.logPath(orphan));
    });
    await node.until("the stray directory is gone", () => !existsSync(join(node.rootDir, "pods", stray)), 15_000);
    const cgroup = () => observeLimits(`${node.cgroupRoot}/kubepods/besteffort/pod${stray}`);
    await node.until("the stray cgroup is gone", () => cgroup() === undefined, 15_000);
    node.remove("victim.yaml");
    await node.untilGone("victim");
  });

  it("starts containerd anew when that is killed; pods live on, new ones start", async () => {
    const pid = node.containerdPid;
    await untouched("containerd killed", async () => {
      const from = performance.now();
      process.kill(pid, "SIGKILL");
      node.write("after.yaml", shellPod("after", SLEEP));
      await node.untilPod("after", "is ready", isRunning);
      const tookMs = performance.now() - from;
      assert.ok(tookMs < 15_000, `the first pod after it runs ${tookMs} ms later`);
      await node.untilReady();
    });
    assert.notEqual(node.containerdPid, pid);
    node.remove("after.yaml");
    await node.untilGone("after");
  });

  it("says that the node is not ready while containerd hangs, and touches no pod", async () => {
    const pid = node.containerdPid;
    await untouched("containerd hung", async () => {
      process.kill(pid, "SIGSTOP");
      try {
        await node.until(
          "the node is not ready",
          async () => (await node.status())?.readiness?.ready === false,
          20_000,
        );
        assert.match((await node.status())?.readiness?.message ?? "", /container runtime is down/);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await node.until("the node is ready", async () => (await node.status())?.readiness?.ready === true, 20_000);
    });
  });

  it("refuses to run twice on one root, and names who does", () => {
    const [command, args] = node.commandLine();
    const second = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
    assert.equal(second.status, 1, second.stderr);
    assert.match(second.stderr, new RegExp(`\\b${node.pid}\\b`));
  });

  it("removes a container that containerd runs and CRI knows nothing of", async () => {
    const { runtime } = node.cri;
    const [plain] = (await residents()).filter(({ name }) => name === "plain");
    const sandbox = plain?.readySandboxes[0] ?? "";
    const config = { metadata: { name: "lost", attempt: 0 }, image: { image: BUSYBOX }, command: ["sleep", "1000"] };
    const id = await runtime.createContainer(sandbox, config, {
      metadata: { name: "", uid: "", namespace: "", attempt: 0 },
    });
    // What is left of a start that was broken off at a bad moment: a task that CRI has not begun.
    const ctr = ["--address", join(node.rootDir, "containerd", "containerd.sock"), "--namespace", "k8s.io"];
    execFileSync("ctr", [...ctr, "tasks", "start", "--detach", "--null-io", id]);
    assert.equal((await runtime.containerStatus(id))?.state, "CONTAINER_CREATED");
    await runtime.removeContainer(id);
    assert.equal(await runtime.containerStatus(id), undefined);
    assert.equal(execFileSync("ctr", [...ctr, "tasks", "list", "--quiet"], { encoding: "utf8" }).includes(id), false);
  });

  it("leaves nothing of pods that go", async () => {
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces, 60_000);
  });

  it("ends its pods and containerd when that is asked for", async () => {
    assert.equal(await node.end("SIGTERM"), 0);
    await node.start("--stop-pods-on-exit");
    const script = "trap 'echo ended > /shared/ended; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
    const main = { ...container("main", script), volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
    const volumes = [{ name: "shared", hostPath: { path: shared } }];
    node.write("ended.yaml", shellPod("ended", "", { containers: [main], volumes, terminationGracePeriodSeconds: 20 }));
    await node.untilPod("ended", "is ready", isRunning);
    await traces.remember();
    const containerd = node.containerdPid;
    assert.equal(await node.end("SIGTERM"), 0);
    assert.equal(readFileSync(join(shared, "ended"), "utf8"), "ended\n");
    assert.equal(isRunningProcess(containerd), false, "containerd runs on");
    assert.deepEqual(observeMachineLeftovers(node, traces), []);
  });
});

/** A process that has ended stays in the table as a zombie until its adoptive parent asks for it. */
function isRunningProcess(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) [ZX] /.test(readFileSync(path, "utf8"));
}

/** Waits until the runtime has exactly what the manifests say: no pod too many, none too few, each container once. */
async function untilAsWanted(node: AgentNode, what: string): Promise<void> {
  let wanted: readonly string[] = [];
  let real: readonly RealPod[] = [];
  await node.until(
    `${what}: all is as wanted`,
    async () => {
      const pods = await node.pods();
      const active = pods.filter(({ status }) => status?.phase !== "Succeeded");
      wanted = wantedContainers(active);
      real = await observeRealPods(node);
      return (
        pods.every(({ metadata }) => metadata?.deletionTimestamp === undefined) &&
        active.every(isRunning) &&
        JSON.stringify(runningContainers(real)) === JSON.stringify(wanted) &&
        JSON.stringify(real.map(({ uid }) => uid).sort()) ===
          JSON.stringify(pods.map(({ metadata }) => metadata?.uid).sort())
      );
    },
    60_000,
    () => JSON.stringify({ wanted, real }, undefined, 1),
  );
  const manifests = (await node.pods()).map(({ metadata }) => metadata?.annotations?.["tskubelet.dev/manifest"]);
  assert.equal(new Set(manifests).size, manifests.length);
  for (const pod of real) {
    assert.ok(pod.readySandboxes.length <= 1, `${what}: sandboxes of ${pod.name}`);
    for (const [id, processes] of livingProcesses(node, [pod]))
      assert.ok(processes.length > 0, `${what}: ${id} is empty`);
  }
}

function container(name: string, script: string) {
  return { name, image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
}

/** `version` makes it another pod of the same name. Its end takes a moment, so that two of them would meet. */
function guest(name: string, version: number): unknown {
  const script = `: ${version}; trap 'sleep 0.5; exit 0' TERM; while true; do sleep 1000 & wait $!; done`;
  return shellPod(name, script, { terminationGracePeriodSeconds: 5 });
}
