import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { cpuOfShares, makeCgroup, observeLimits } from "../support/cgroup-limits.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";

const MI = 2 ** 20;
const PIDS_OF_A_POD = 100;
const MIN_SHARES = 2;

describe("cgroups of a node", { concurrency: 1 }, () => {
  const node: AgentNode = new AgentNode({
    bridge: "tskcgr0",
    kubelet: ({ cgroupRoot }) => ({
      podPidsLimit: PIDS_OF_A_POD,
      kubeReserved: { cpu: "200m", memory: "256Mi", pid: "1000" },
      systemReserved: { cpu: "100m", memory: "128Mi" },
      enforceNodeAllocatable: ["pods", "kube-reserved"],
      kubeReservedCgroup: `${cgroupRoot}/daemons`,
    }),
  });
  before(async () => {
    makeCgroup(`${node.cgroupRoot}/daemons`);
    await node.start();
  });
  after(() => node.close());

  const cgroup = (path: string) => observeLimits(`${node.cgroupRoot}/kubepods${path}`);
  const oomScore = (pod: Pod, container = "main") =>
    Number(readFileSync(`/proc/${node.processOf(containerIdOf(pod, container))}/oom_score_adj`, "utf8"));
  const podOf = (name: string, ...containers: readonly object[]) =>
    shellPod(name, "", {
      containers: containers.map((resources, index) => ({
        name: index === 0 ? "main" : `side-${index}`,
        image: BUSYBOX,
        imagePullPolicy: "Never",
        command: ["sh", "-c", SLEEP],
        resources,
      })),
    });
  const started = async (name: string, ...containers: readonly object[]): Promise<Pod> => {
    node.write(`${name}.yaml`, podOf(name, ...containers));
    return node.untilPod(name, "is ready", isRunning);
  };

  it("leaves to all pods what is not reserved", () => {
    const limits = cgroup("");
    const milli = availableParallelism() * 1000 - 300;
    assert.equal(limits?.memoryBytes, totalmem() - 384 * MI);
    assert.equal(limits?.cpu, cpuOfShares(Math.trunc((milli * 1024) / 1000)));
    assert.equal(limits?.pids, maxPids() - 1000);
    assert.equal(limits?.cpuQuotaUs, "none");
  });

  it("limits the cgroup of Kubernetes' daemons to what is reserved for them", () => {
    const limits = observeLimits(`${node.cgroupRoot}/daemons`);
    assert.deepEqual([limits?.cpu, limits?.memoryBytes, limits?.pids], [cpuOfShares(204), 256 * MI, 1000]);
    assert.equal(limits?.cpuQuotaUs, "none");
  });

  it("limits a guaranteed pod and each of its containers", async () => {
    const resources = { limits: { cpu: "250m", memory: "64Mi" } };
    const pod = await started("guaranteed", resources, { limits: { cpu: "50m", memory: "32Mi" } });
    assert.equal(pod.status?.qosClass, "Guaranteed");
    const path = `/pod${pod.metadata?.uid}`;
    assert.deepEqual(cgroup(path), {
      cpu: cpuOfShares(307),
      cpuQuotaUs: 30_000,
      cpuPeriodUs: 100_000,
      memoryBytes: 96 * MI,
      pids: PIDS_OF_A_POD,
    });
    assert.deepEqual(cgroup(`${path}/${containerIdOf(pod)}`), {
      cpu: cpuOfShares(256),
      cpuQuotaUs: 25_000,
      cpuPeriodUs: 100_000,
      memoryBytes: 64 * MI,
      pids: "none",
    });
    assert.equal(oomScore(pod), lowestScore(-997));
  });

  it("limits a burstable pod where every container has a limit, and gives its class what its pods ask for", async () => {
    const pod = await started("burstable", { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "1Gi" } });
    assert.equal(pod.status?.qosClass, "Burstable");
    const path = `/burstable/pod${pod.metadata?.uid}`;
    assert.deepEqual(cgroup(path), {
      cpu: cpuOfShares(102),
      cpuQuotaUs: "none",
      cpuPeriodUs: 100_000,
      memoryBytes: 1024 * MI,
      pids: PIDS_OF_A_POD,
    });
    assert.equal(cgroup(`${path}/${containerIdOf(pod)}`)?.memoryBytes, 1024 * MI);
    assert.equal(oomScore(pod), 1000 - Math.trunc((1000 * 512 * MI) / totalmem()));
    assert.equal(cgroup("/burstable")?.cpu, cpuOfShares(102));

    const half = await started("half", { requests: { cpu: "200m" }, limits: { cpu: "300m", memory: "64Mi" } }, {});
    const halfLimits = cgroup(`/burstable/pod${half.metadata?.uid}`);
    assert.deepEqual([halfLimits?.cpuQuotaUs, halfLimits?.memoryBytes], ["none", "none"]);
    assert.equal(halfLimits?.cpu, cpuOfShares(204));
    const main = cgroup(`/burstable/pod${half.metadata?.uid}/${containerIdOf(half)}`);
    assert.deepEqual([main?.cpuQuotaUs, main?.memoryBytes, main?.cpu], [30_000, 64 * MI, cpuOfShares(204)]);
    assert.equal(cgroup("/burstable")?.cpu, cpuOfShares(307));

    node.remove("half.yaml");
    await node.untilGone("half");
    await node.until("the class has shrunk", () => cgroup("/burstable")?.cpu === cpuOfShares(102), 5_000);
    assert.equal(cgroup(`/burstable/pod${half.metadata?.uid}`), undefined);
  });

  it("gives a best-effort pod what others leave", async () => {
    const pod = await started("besteffort", {});
    assert.equal(pod.status?.qosClass, "BestEffort");
    const limits = cgroup(`/besteffort/pod${pod.metadata?.uid}`);
    assert.deepEqual(limits, {
      cpu: cpuOfShares(MIN_SHARES),
      cpuQuotaUs: "none",
      cpuPeriodUs: 100_000,
      memoryBytes: "none",
      pids: PIDS_OF_A_POD,
    });
    assert.equal(cgroup("/besteffort")?.cpu, cpuOfShares(MIN_SHARES));
    assert.equal(oomScore(pod), 1000);
  });

  it("lets no pod have more processes than it may", async () => {
    const script = `i=0; while [ $i -lt 150 ]; do sleep 1000 & i=$((i+1)); done; ${SLEEP}`;
    node.write("forks.yaml", shellPod("forks", script, { restartPolicy: "Never" }));
    await node.untilPod("forks", "has started", (pod) => containerIdOf(pod) !== "");
    const pod = await node.untilPod("forks", "ended or stays", (seen) => {
      const log = node.containerLog(seen);
      return statusOf(seen)?.state?.terminated !== undefined || /can't fork/.test(log);
    });
    assert.match(node.containerLog(pod), /can't fork/);
  });

  it("keeps the limits over a restart of the agent, and removes those of nobody", async () => {
    const pod = await node.untilPod("burstable", "is ready", isRunning);
    const before = cgroup(`/burstable/pod${pod.metadata?.uid}`);
    await node.end("SIGKILL");
    makeCgroup(`${node.cgroupRoot}/kubepods/burstable/pod0e0e0e0e-0000-0000-0000-000000000000`);
    await node.start();
    assert.deepEqual(cgroup(`/burstable/pod${pod.metadata?.uid}`), before);
    assert.equal(cgroup("/burstable")?.cpu, cpuOfShares(102));
    const stray = () => cgroup("/burstable/pod0e0e0e0e-0000-0000-0000-000000000000");
    await node.until("the cgroup of nobody's pod is removed", () => stray() === undefined, 15_000);
  });

  it("leaves no cgroup when the pods go, and the classes at their least", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces);
    assert.equal(cgroup("/burstable")?.cpu, cpuOfShares(MIN_SHARES));
    assert.equal(cgroup("/besteffort")?.cpu, cpuOfShares(MIN_SHARES));
  });
});

/** Without CAP_SYS_RESOURCE no process may have a lower score than who starts it. */
function lowestScore(wanted: number): number {
  const [, capabilities = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const capSysResource = 24n;
  if (((BigInt(`0x${capabilities}`) >> capSysResource) & 1n) === 1n) return wanted;
  return Math.max(wanted, Number(readFileSync("/proc/self/oom_score_adj", "utf8")));
}

function maxPids(): number {
  const read = (name: string) => Number(readFileSync(`/proc/sys/kernel/${name}`, "utf8"));
  return Math.min(read("pid_max"), read("threads-max"));
}
