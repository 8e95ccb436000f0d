/** The whole agent on a machine with cgroup v2 alone, as root with every capability. */
import "./require-guest.ts";
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../../src/core/api/types.ts";
import { AgentNode, containerIdOf, isRunning, SLEEP, statusOf } from "../../support/agent-node.ts";
import { observeMachineLeftovers, observePodLeftovers, PodTraces } from "../../support/pod-leftovers.ts";
import { assertCgroup, MIB, podWith, read, startTicks } from "./agent-pods.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
/** Pods that run on and on, with the name of their container. */
const LASTING = { web: "httpd", worker: "worker", init: "main", guaranteed: "main" } as const;

const guaranteed = podWith("guaranteed", SLEEP, { limits: { cpu: "250m", memory: "64Mi" } });
const greedy = podWith(
  "greedy",
  "dd if=/dev/zero of=/dev/null bs=64M count=1; echo the shell outlived it",
  { limits: { memory: "16Mi" } },
  { restartPolicy: "Never" },
);

describe("the agent on cgroup v2", () => {
  const node = new AgentNode({
    bridge: "tskvm0",
    kubelet: { kubeReserved: { cpu: "100m", memory: "64Mi" }, podPidsLimit: 123 },
  });
  const traces = new PodTraces(node);
  const kubepods = `/sys/fs/cgroup${node.cgroupRoot}/kubepods`;
  const running = new Map<string, Pod>();
  const podNamed = (name: string): Pod => {
    const pod = running.get(name);
    assert.ok(pod, `pod ${name} has not run`);
    return pod;
  };
  const cgroupOf = (name: string, below: string): string => join(kubepods, below, `pod${podNamed(name).metadata?.uid}`);
  const sandboxOf = (name: string, below: string, container: string): string => {
    const ids = readdirSync(cgroupOf(name, below), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const [id] = ids.map((entry) => entry.name).filter((id) => id !== containerIdOf(podNamed(name), container));
    return id ?? assert.fail(`no sandbox of ${name}`);
  };
  const untilLastingRun = async (): Promise<void> => {
    for (const name of Object.keys(LASTING)) running.set(name, await node.untilPod(name, "is ready", isRunning));
  };

  before(async () => {
    for (const entry of readdirSync(EXAMPLES, { withFileTypes: true })) {
      if (entry.isFile()) copyFileSync(join(EXAMPLES, entry.name), join(node.manifestsDir, entry.name));
    }
    node.write("guaranteed.yaml", guaranteed);
    node.write("greedy.yaml", greedy);
    await node.start();
  });
  after(() => node.close());

  it("runs the examples", async () => {
    await untilLastingRun();
    await node.until("the page answers", async () => /Hello from a Pod/.test(await page("http://127.0.0.1:8080/")));
    await node.untilLog(podNamed("init"), /^prepared at /m);
    await node.untilLog(podNamed("worker"), /^worker: job 1 done on worker$/m, "worker");
    await node.untilPod("crashing", "has started", (pod) => statusOf(pod, "crashing")?.containerID !== undefined);
  });

  it("limits pods and containers by the files of cgroup v2", () => {
    const pod = cgroupOf("guaranteed", "");
    const container = join(pod, containerIdOf(podNamed("guaranteed")));
    const limits = { "cpu.weight": "10", "cpu.max": "25000 100000", "memory.max": String(64 * MIB) };
    const noHugePages = { "hugetlb.2MB.max": "0", "hugetlb.1GB.max": "0" };
    assertCgroup(pod, { ...limits, ...noHugePages, "pids.max": "123" });
    assertCgroup(container, { ...limits, ...noHugePages, "memory.oom.group": "1" });
    const web = { "cpu.weight": "1", "cpu.max": "max 100000", "memory.max": String(32 * MIB) };
    assertCgroup(cgroupOf("web", "burstable"), web);
    assertCgroup(cgroupOf("worker", "burstable"), { ...web, "cpu.max": "10000 100000" });
    assertCgroup(cgroupOf("init", "besteffort"), { ...web, "memory.max": "max" });
  });

  it("weighs the classes by requests and keeps what is reserved from all pods together", () => {
    // 40 thousandths of a CPU in three examples: 40 shares.
    assertCgroup(join(kubepods, "burstable"), { "cpu.weight": "2", "memory.max": "max" });
    assertCgroup(join(kubepods, "besteffort"), { "cpu.weight": "1", "memory.max": "max" });
    const memoryKib = Number(/^MemTotal:\s*(\d+) kB$/m.exec(read("/proc/meminfo"))?.[1]);
    // 1900 thousandths of two CPUs: 1945 shares.
    assertCgroup(kubepods, { "cpu.weight": "75", "memory.max": String(memoryKib * 1024 - 64 * MIB) });
  });

  it("keeps the agent, sandboxes and guaranteed pods from the OOM killer, which needs a capability", () => {
    const scoreOf = (pid: number): string => read(`/proc/${pid}/oom_score_adj`);
    assert.equal(scoreOf(node.pid), "-999");
    assert.equal(scoreOf(node.processOf(sandboxOf("guaranteed", "", "main"))), "-998");
    assert.equal(scoreOf(node.processOf(containerIdOf(podNamed("guaranteed")))), "-997");
    assert.equal(scoreOf(node.processOf(sandboxOf("init", "besteffort", "main"))), "-998");
    assert.equal(scoreOf(node.processOf(containerIdOf(podNamed("init")))), "1000");
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
    await untilLastingRun();
    assert.deepEqual(observe(), earlier);
    assert.match(await page("http://127.0.0.1:8080/"), /Hello from a Pod/);
    const warned = (await node.events()).filter(({ type }) => type === "Warning");
    const expected = ["crashing BackOff", "greedy OOMKilling"];
    const told = warned.map(({ involvedObject, reason }) => `${involvedObject.name} ${reason}`);
    assert.deepEqual(
      told.filter((each) => !expected.includes(each)),
      [],
    );
  });

  it("starts a crashing container again and again", async () => {
    const crashed = (pod: Pod): boolean => (statusOf(pod, "crashing")?.restartCount ?? 0) > 0;
    const pod = await node.untilPod("crashing", "has crashed", crashed, 60_000);
    assert.equal(statusOf(pod, "crashing")?.lastState?.terminated?.exitCode, 3);
  });

  it("leaves nothing of a pod whose manifest goes, and all of the others", async () => {
    await traces.remember();
    const [uid = "", ip = ""] = [podNamed("web").metadata?.uid, podNamed("web").status?.podIP];
    const names = [
      "default/web",
      uid,
      ip,
      sandboxOf("web", "burstable", "httpd"),
      containerIdOf(podNamed("web"), "httpd"),
    ];
    const observe = async () => {
      const all = await observePodLeftovers(node, traces);
      return { ofWeb: all.filter((line) => names.some((name) => line.includes(name))), counts: counts(all) };
    };
    const before = await observe();
    const kinds = "pod sandbox container mount address cgroup path link stored firewall".split(" ");
    assert.deepEqual([...new Set(before.ofWeb.map(kindOf))].sort(), kinds.sort());
    node.remove("web.yaml");
    let now = before;
    await node.until(
      "nothing is left of the pod",
      async () => {
        now = await observe();
        return now.ofWeb.length === 0;
      },
      60_000,
      () => now.ofWeb.join("\n"),
    );
    const fewer = (kind: string): number => (before.counts.get(kind) ?? 0) - (now.counts.get(kind) ?? 0);
    // What carries no name of the pod: its interface on the bridge, its network namespace and its shim.
    for (const kind of ["interface", "network", "shim"]) assert.equal(fewer(kind), 1, kind);
    assert.equal(await page("http://127.0.0.1:8080/"), "");
    // The class weighs what is left: 20 thousandths of a CPU.
    await node.until("the class weighs less", () => read(join(kubepods, "burstable/cpu.weight")) === "1");
    const left = await Promise.all(["worker", "init", "guaranteed"].map((name) => node.pod(name)));
    assert.deepEqual(
      left.map((pod) => pod !== undefined && isRunning(pod)),
      [true, true, true],
    );
  });

  it("ends its pods and its runtime with itself when told so", async () => {
    await traces.remember();
    const runtime = node.containerdPid;
    assert.equal(await node.end("SIGTERM"), 0);
    assert.deepEqual(observeMachineLeftovers(node, traces), []);
    assert.equal(existsSync(`/proc/${runtime}`), false);
    assert.deepEqual(existsSync("/run/netns") ? readdirSync("/run/netns") : [], []);
  });
});

/** The first word of a line of leftovers. */
function kindOf(line: string): string {
  return line.slice(0, line.indexOf(" "));
}

function counts(lines: readonly string[]): ReadonlyMap<string, number> {
  return new Map(Object.entries(Object.groupBy(lines, kindOf)).map(([kind, each]) => [kind, each?.length ?? 0]));
}

/** The text of a page; "" when nobody answers. */
async function page(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return await answer.text();
  } catch {
    return "";
  }
}
