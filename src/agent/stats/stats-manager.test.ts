import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { container, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { settle } from "../../../test/support/fakes-clock.ts";
import type { Pod } from "../../core/api/types.ts";

const MiB = 1024 ** 2;
const limits = { resources: { limits: { cpu: "1", memory: "64Mi" }, requests: { cpu: "1", memory: "64Mi" } } };
const WEB = podOf("web", {
  containers: [container("main", limits)],
  volumes: [{ name: "scratch", emptyDir: {} }],
});
const uidOf = (pod: Pod) => pod.metadata?.uid ?? "";
const scratch = `/root/pods/${uidOf(WEB)}/volumes/kubernetes.io~empty-dir/scratch`;

describe("StatsManager", () => {
  let node: FakeNode;
  let podPath: string;
  let containerPath: string;
  beforeEach(async () => {
    node = new FakeNode();
    await node.start();
    node.source.showPods(WEB);
    await node.clock.pass(1_000);
    const id = node.running("main")?.id;
    assert.ok(id !== undefined, "the container runs");
    podPath = node.cgroups.runtimePath(["kubepods", `pod${uidOf(WEB)}`]);
    containerPath = `${podPath}/${id}`;
    node.stats.cgroupFigures.set(podPath, { memory: { workingSetBytes: 30 * MiB, limitBytes: 64 * MiB } });
    node.stats.cgroupFigures.set(containerPath, {
      cpu: { usageCoreNanoSeconds: 0 },
      memory: { workingSetBytes: 20 * MiB },
      processes: [7, 8],
    });
  });

  const fresh = () => node.agent.stats.summary({ fresh: true });
  const cpu = (usageCoreNanoSeconds: number) => {
    const before = node.stats.cgroupFigures.get(containerPath);
    node.stats.cgroupFigures.set(containerPath, { ...before, cpu: { usageCoreNanoSeconds } });
  };

  it("shows a pod with what its cgroups hold", async () => {
    const { pods } = await fresh();
    assert.deepEqual(
      pods?.map(({ podRef }) => podRef),
      [{ name: "web", namespace: "default", uid: uidOf(WEB) }],
    );
    assert.equal(pods?.[0]?.memory?.availableBytes, 34 * MiB);
    assert.equal(pods?.[0]?.containers?.[0]?.memory?.workingSetBytes, 20 * MiB);
    assert.equal(pods?.[0]?.process_stats?.process_count, 2);
  });

  it("a container whose cgroup has vanished keeps its name and has no figures", async () => {
    await fresh();
    node.stats.cgroupFigures.delete(containerPath);
    const [pod] = (await fresh()).pods ?? [];
    assert.deepEqual(
      pod?.containers?.map(({ name, memory }) => [name, memory]),
      [["main", undefined]],
    );
    assert.equal(pod?.process_stats, undefined);
  });

  it("computes the CPU rate between looks", async () => {
    await fresh();
    await node.clock.pass(10_000);
    cpu(5e9);
    const [pod] = (await fresh()).pods ?? [];
    const rate = pod?.containers?.[0]?.cpu?.usageNanoCores ?? 0;
    assert.ok(rate > 0.45e9 && rate < 0.55e9, `${rate}`);
  });

  it("callers who come together share one sweep, begun after they asked", async () => {
    node.stats.sweeps = 0;
    let open = () => {};
    node.stats.before = () => new Promise((resolve) => (open = resolve));
    const first = fresh();
    await settle();
    const others = [fresh(), fresh(), fresh()];
    await settle();
    assert.equal(node.stats.sweeps, 1);
    open();
    await settle();
    open();
    await Promise.all([first, ...others]);
    assert.equal(node.stats.sweeps, 2);
  });

  it("who does not need fresh figures gets those of some seconds ago", async () => {
    await node.clock.pass(10_000);
    node.stats.sweeps = 0;
    await node.agent.stats.summary({ fresh: false });
    await node.clock.pass(5_000);
    await node.agent.stats.summary({ fresh: false, onlyCpuAndMemory: true });
    assert.equal(node.stats.sweeps, 1);
    await node.clock.pass(10_000);
    await node.agent.stats.summary({ fresh: false });
    assert.equal(node.stats.sweeps, 2);
  });

  it("measures disks in the background, once a period, and at once when told to", async () => {
    const used = async () => (await fresh()).pods?.[0]?.["ephemeral-storage"]?.usedBytes;
    node.stats.disks.set(scratch, { usedBytes: 5 * MiB, inodesUsed: 2 });
    await node.clock.pass(20_000);
    assert.equal(await used(), 5 * MiB);
    node.stats.disks.set(scratch, { usedBytes: 9 * MiB, inodesUsed: 2 });
    await node.clock.pass(20_000);
    assert.equal(await used(), 5 * MiB, "as it was measured");
    await node.agent.stats.refreshDisk([uidOf(WEB), "unknown"]);
    assert.equal(await used(), 9 * MiB);
    node.stats.measured.length = 0;
    await node.clock.pass(50_000);
    assert.ok(!node.stats.measured.includes(scratch));
    await node.clock.pass(30_000);
    assert.ok(node.stats.measured.includes(scratch));
  });

  it("pods that are due soon are measured with one that is due, so that rounds stay few", async () => {
    const later = podOf("later", { containers: [container("main")], volumes: [{ name: "data", emptyDir: {} }] });
    await node.clock.pass(25_000);
    node.source.showPods(WEB, later);
    await node.clock.pass(15_000);
    const data = `/root/pods/${uidOf(later)}/volumes/kubernetes.io~empty-dir/data`;
    assert.ok(node.stats.measured.includes(data), "a new pod is measured when it comes");
    const rounds = async () => {
      const seen = new Set<string>();
      let count = 0;
      for (let i = 0; i < 60; i += 1) {
        node.stats.measured.length = 0;
        await node.clock.pass(5_000);
        if (node.stats.measured.length > 0) count += 1;
        for (const path of node.stats.measured) seen.add(path);
      }
      return { count, seen };
    };
    const { count, seen } = await rounds();
    assert.ok(seen.has(scratch) && seen.has(data));
    assert.ok(count <= 6, `${count} rounds in five minutes`);
  });

  it("a figure of a disk is as old as its measurement", async () => {
    node.stats.disks.set(scratch, { usedBytes: 5 * MiB, inodesUsed: 2 });
    await node.agent.stats.refreshDisk([uidOf(WEB)]);
    const [before] = (await fresh()).pods?.[0]?.volume ?? [];
    await node.clock.pass(5_000);
    const [after] = (await fresh()).pods?.[0]?.volume ?? [];
    assert.equal(after?.time, before?.time);
  });

  it("memory of node and pods is there at once", () => {
    node.stats.machineFigures = { memory: { totalBytes: 1000 * MiB, availableBytes: 700 * MiB } };
    node.stats.cgroupFigures.set("/", {
      memory: { usageBytes: 500 * MiB, workingSetBytes: 400 * MiB, inactiveFileBytes: 100 * MiB },
    });
    const { node: whole, pods, kernelAvailableBytes } = node.agent.stats.nodeMemory();
    assert.equal(whole?.availableBytes, 600 * MiB);
    assert.equal(kernelAvailableBytes, 700 * MiB);
    assert.equal(pods, undefined, "not observed is absent");
  });

  it("a runtime that does not answer takes away nothing but its own figures", async () => {
    node.runtime.fail("listContainerStats", new Error("down"));
    node.stats.filesystems.set("/root", { device: "8:1", capacityBytes: 10, availableBytes: 5, usedBytes: 5 });
    await node.agent.stats.refreshDisk([uidOf(WEB)]);
    const summary = await fresh();
    assert.equal(summary.node.fs?.availableBytes, 5);
    assert.equal(summary.pods?.length, 1);
  });
});
