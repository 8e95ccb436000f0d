/** The whole agent on a machine with cgroup v2 alone, as root with every capability. */
import "./require-guest.ts";
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../../support/agent-node.ts";
import { observeLeftovers } from "../../support/containerd-node.ts";
import { PodTraces, untilNothingLeft } from "../../support/pod-leftovers.ts";

const MIB = 1024 * 1024;
const EXAMPLES = join(import.meta.dirname, "../../../examples");
/** Pods that run on and on, with the name of their container. */
const LASTING = { web: "httpd", worker: "worker", init: "main", guaranteed: "main" } as const;

/** A pod with one busybox container and these resources. */
function podWith(name: string, script: string, resources: object, spec: object = {}): unknown {
  const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
  return shellPod(name, "", { containers: [{ ...container, resources }], ...spec });
}

const guaranteed = podWith("guaranteed", SLEEP, { limits: { cpu: "250m", memory: "64Mi" } }, { hostNetwork: true });
const greedy = podWith(
  "greedy",
  "dd if=/dev/zero of=/dev/null bs=64M count=1; echo the shell outlived it",
  { limits: { memory: "16Mi" } },
  { restartPolicy: "Never", hostNetwork: true },
);

describe("the agent on cgroup v2", () => {
  const node = new AgentNode({
    bridge: "tskvm0",
    kubelet: { kubeReserved: { cpu: "100m", memory: "64Mi" }, podPidsLimit: 123 },
  });
  const kubepods = `/sys/fs/cgroup${node.cgroupRoot}/kubepods`;
  const running = new Map<string, Pod>();
  const podNamed = (name: string): Pod => {
    const pod = running.get(name);
    assert.ok(pod, `pod ${name} has not run`);
    return pod;
  };
  const cgroupOf = (name: string, below: string): string => join(kubepods, below, `pod${podNamed(name).metadata?.uid}`);

  before(async () => {
    for (const name of readdirSync(EXAMPLES)) copyFileSync(join(EXAMPLES, name), join(node.manifestsDir, name));
    node.write("guaranteed.yaml", guaranteed);
    node.write("greedy.yaml", greedy);
    await node.start();
  });
  after(() => node.close());

  it("runs the examples", async () => {
    for (const name of Object.keys(LASTING)) running.set(name, await node.untilPod(name, "is ready", isRunning));
    await node.until("the page answers", async () =>
      (await page("http://127.0.0.1:8080/")).includes("Hello from a Pod"),
    );
    await node.untilLog(podNamed("init"), /^prepared at /m);
    await node.untilLog(podNamed("worker"), /^worker: job 1 done on worker$/m, "worker");
    const crashing = await node.untilPod(
      "crashing",
      "has crashed",
      (pod) => (statusOf(pod, "crashing")?.restartCount ?? 0) > 0,
    );
    assert.equal(statusOf(crashing, "crashing")?.lastState?.terminated?.exitCode, 3);
  });

  it("limits pods and containers by the files of cgroup v2", () => {
    const pod = cgroupOf("guaranteed", "");
    const limits = { "cpu.weight": "10", "cpu.max": "25000 100000", "memory.max": String(64 * MIB) };
    assert.deepEqual(files(pod, limits), limits);
    assert.deepEqual(files(join(pod, containerIdOf(podNamed("guaranteed"))), limits), limits);
    const ofPod = { "pids.max": "123", "hugetlb.2MB.max": "0", "hugetlb.1GB.max": "0" };
    assert.deepEqual(files(pod, ofPod), ofPod);
    const ofContainer = { "hugetlb.2MB.max": "0", "memory.oom.group": "1" };
    assert.deepEqual(files(join(pod, containerIdOf(podNamed("guaranteed"))), ofContainer), ofContainer);

    const worker = { "cpu.weight": "1", "cpu.max": "10000 100000", "memory.max": String(32 * MIB) };
    assert.deepEqual(files(cgroupOf("worker", "burstable"), worker), worker);
    const web = { "cpu.weight": "1", "cpu.max": "max 100000", "memory.max": String(32 * MIB) };
    assert.deepEqual(files(cgroupOf("web", "burstable"), web), web);
    const init = { "cpu.weight": "1", "cpu.max": "max 100000", "memory.max": "max" };
    assert.deepEqual(files(cgroupOf("init", "besteffort"), init), init);
  });

  it("weighs the classes by requests and keeps what is reserved from all pods together", () => {
    // 40 thousandths of a CPU in three examples: 40 shares.
    assert.deepEqual(files(join(kubepods, "burstable"), { "cpu.weight": "" }), { "cpu.weight": "2" });
    assert.deepEqual(files(join(kubepods, "besteffort"), { "cpu.weight": "" }), { "cpu.weight": "1" });
    const memoryKib = Number(/^MemTotal:\s*(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    // 1900 thousandths of two CPUs: 1945 shares.
    const all = { "cpu.weight": "75", "memory.max": String(memoryKib * 1024 - 64 * MIB) };
    assert.deepEqual(files(kubepods, all), all);
  });

  it("keeps the guaranteed from the OOM killer, which needs a capability", () => {
    const scoreOf = (pid: number): string => read(`/proc/${pid}/oom_score_adj`);
    assert.equal(scoreOf(node.pid), "-999");
    assert.equal(scoreOf(node.processOf(containerIdOf(podNamed("guaranteed")))), "-997");
    assert.equal(scoreOf(node.processOf(containerIdOf(podNamed("init")))), "1000");
    const [sandbox] = readdirSync(cgroupOf("guaranteed", ""), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== containerIdOf(podNamed("guaranteed")))
      .map((entry) => entry.name);
    assert.equal(scoreOf(node.processOf(sandbox ?? "")), "-998");
  });

  it("ends a container with all its processes when it is out of memory, and says why", async () => {
    const pod = await node.untilPod("greedy", "has failed", ({ status }) => status?.phase === "Failed");
    const { reason, exitCode } = statusOf(pod)?.state?.terminated ?? {};
    assert.deepEqual({ reason, exitCode }, { reason: "OOMKilled", exitCode: 137 });
    assert.equal(node.containerLog(pod), "");
  });

  it("takes the same containers over when it was killed", async () => {
    const observe = () =>
      Object.entries(LASTING).map(([name, container]) => {
        const pod = podNamed(name);
        const pid = node.processOf(containerIdOf(pod, container));
        return { name, status: statusOf(pod, container), ip: pod.status?.podIP, pid, started: startTicks(pid) };
      });
    const earlier = observe();
    await node.end("SIGKILL");
    running.clear();
    await node.start("--stop-pods-on-exit");
    for (const name of Object.keys(LASTING)) running.set(name, await node.untilPod(name, "is ready", isRunning));
    assert.deepEqual(observe(), earlier);
    const warned = (await node.events()).filter(({ type }) => type === "Warning");
    assert.deepEqual(
      warned.filter(({ involvedObject }) => involvedObject.name !== "crashing"),
      [],
    );
    assert.match(await page("http://127.0.0.1:8080/"), /Hello from a Pod/);
  });

  it("leaves nothing of pods whose manifests go", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces, 60_000);
    assert.deepEqual(files(join(kubepods, "burstable"), { "cpu.weight": "" }), { "cpu.weight": "1" });
  });

  it("ends its pods and its runtime with itself when told so", async () => {
    node.write("guaranteed.yaml", guaranteed);
    await node.untilPod("guaranteed", "is ready", isRunning);
    assert.equal(await node.end("SIGTERM"), 0);
    const { rootDir, bridge } = node;
    const left = observeLeftovers({
      rootDir: `${rootDir}/containerd`,
      cgroupParent: `${node.cgroupRoot}/kubepods/none`,
      bridge: "none",
    });
    assert.deepEqual(
      left.filter((what) => what !== `${rootDir}/containerd`),
      [],
    );
    assert.deepEqual(
      readdirSync(kubepods).filter((name) => name.startsWith("pod")),
      [],
    );
    assert.deepEqual(readdirSync(`/sys/class/net/${bridge}/brif`), []);
    assert.deepEqual(existsSync("/run/netns") ? readdirSync("/run/netns") : [], []);
  });
});

async function page(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return await answer.text();
  } catch {
    return "";
  }
}

function read(path: string): string {
  return readFileSync(path, "utf8").trim();
}

/** The files of a cgroup that `wanted` names. */
function files(cgroup: string, wanted: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, read(join(cgroup, name))]));
}

/** When a process was started, in clock ticks since boot. */
function startTicks(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
