import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CgroupObservation, DiskUsage, FilesystemObservation } from "./observations.ts";
import { type ContainerFigures, type PodFigures, podCpuAndMemory, podStats } from "./pod-stats.ts";

const MiB = 1024 ** 2;
const atMs = Date.UTC(2026, 0, 1, 12);
const NOON = "2026-01-01T12:00:00Z";
const at = { atMs, monotonicMs: 1_000 };

const disk = (mebibytes: number, inodesUsed: number): DiskUsage => ({ ...at, usedBytes: mebibytes * MiB, inodesUsed });
const cgroup = (more: Partial<CgroupObservation>): CgroupObservation => ({ ...at, ...more });
const container = (name: string, more: Partial<ContainerFigures>): ContainerFigures => ({
  name,
  createdAtMs: atMs,
  ...more,
});
const pod = (more: Partial<PodFigures>): PodFigures => ({
  podRef: { name: "p", namespace: "default", uid: "u1" },
  createdAtMs: atMs,
  containers: [],
  volumes: [],
  ...more,
});
const nodeFs: FilesystemObservation = {
  ...at,
  device: "8:1",
  capacityBytes: 1000 * MiB,
  availableBytes: 600 * MiB,
  usedBytes: 400 * MiB,
  inodes: 1000,
  inodesFree: 900,
};

describe("pod stats", () => {
  it("available memory is what the limit leaves over the working set", () => {
    const memory = { usageBytes: 90 * MiB, workingSetBytes: 60 * MiB, limitBytes: 100 * MiB };
    const { containers } = podStats(pod({ containers: [container("c", { cgroup: cgroup({ memory }) })] }), {});
    assert.deepEqual(containers?.[0]?.memory, {
      time: NOON,
      availableBytes: 40 * MiB,
      usageBytes: 90 * MiB,
      workingSetBytes: 60 * MiB,
    });
  });

  it("without a limit nothing is said of available memory, and a lowered limit leaves none", () => {
    const of = (memory: CgroupObservation["memory"]) =>
      podStats(pod({ cgroup: cgroup({ ...(memory && { memory }) }) }), {}).memory?.availableBytes;
    assert.equal(of({ workingSetBytes: 60 * MiB }), undefined);
    assert.equal(of({ workingSetBytes: 60 * MiB, limitBytes: 50 * MiB }), 0);
  });

  it("what was not observed is absent, never zero", () => {
    const stats = podStats(pod({ containers: [container("gone", {})] }), { nodeFs });
    assert.deepEqual(Object.keys(stats.containers?.[0] ?? {}), ["name", "startTime", "logs"]);
    assert.equal(stats.containers?.[0]?.logs?.usedBytes, undefined);
    assert.equal(stats.memory, undefined);
    assert.equal(stats.cpu, undefined);
    assert.equal(stats.process_stats, undefined);
    assert.equal(stats["ephemeral-storage"]?.usedBytes, undefined);
    assert.equal(stats["ephemeral-storage"]?.availableBytes, 600 * MiB);
  });

  it("ephemeral storage is layers, logs, local volumes and the pod's own files", () => {
    const figures = pod({
      containers: [
        container("a", { writableLayer: disk(10, 1), logs: disk(5, 2) }),
        container("b", { writableLayer: disk(20, 3) }),
      ],
      volumes: [
        { name: "scratch", isLocalEphemeral: true, usage: disk(100, 10) },
        { name: "ram", isLocalEphemeral: false, usage: disk(1000, 10) },
        { name: "unmeasured", isLocalEphemeral: true },
      ],
      ownFiles: disk(1, 1),
    });
    const stats = podStats(figures, { nodeFs, containerFs: { ...nodeFs, device: "8:2", capacityBytes: 1 } });
    assert.equal(stats["ephemeral-storage"]?.usedBytes, 136 * MiB);
    assert.equal(stats["ephemeral-storage"]?.inodesUsed, 17);
    assert.equal(stats["ephemeral-storage"]?.capacityBytes, 1000 * MiB);
    assert.equal(stats.containers?.[0]?.rootfs?.capacityBytes, 1);
    assert.equal(stats.containers?.[0]?.logs?.capacityBytes, 1000 * MiB);
    assert.deepEqual(
      stats.volume?.map(({ name }) => name),
      ["scratch", "ram"],
    );
  });

  it("a pod without a cgroup of its own is the sum of its containers, as far as all of them were observed", () => {
    const of = (usage: number, rss?: number) =>
      cgroup({
        cpu: { usageCoreNanoSeconds: usage },
        memory: { workingSetBytes: usage, ...(rss !== undefined && { rssBytes: rss }) },
      });
    const containers = [container("a", { cgroup: of(1, 5) }), container("b", { cgroup: of(2) })];
    const stats = podStats(pod({ containers }), {});
    assert.equal(stats.cpu?.usageCoreNanoSeconds, 3);
    assert.equal(stats.memory?.workingSetBytes, 3);
    assert.equal(stats.memory?.rssBytes, undefined);
    assert.equal(podStats(pod({ containers: [...containers, container("gone", {})] }), {}).memory, undefined);
  });

  it("processes are those of the containers", () => {
    const containers = [
      container("a", { cgroup: cgroup({ processes: [1, 2] }) }),
      container("b", { cgroup: cgroup({ processes: [3] }) }),
      container("gone", {}),
    ];
    assert.deepEqual(podStats(pod({ containers }), {}).process_stats, { process_count: 3 });
  });

  it("the main interface stands for the network as a whole", () => {
    const interfaces = [
      { name: "net1", rxBytes: 1, txBytes: 2 },
      { name: "eth0", rxBytes: 3, txBytes: 4 },
    ];
    const { network } = podStats(pod({ network: { atMs, interfaces } }), {});
    assert.deepEqual(network, { time: NOON, name: "eth0", rxBytes: 3, txBytes: 4, interfaces });
  });

  it("only_cpu_and_memory has nothing else", () => {
    const all = cgroup({
      cpu: { usageCoreNanoSeconds: 1 },
      memory: { workingSetBytes: 1, swapBytes: 1 },
      processes: [1],
    });
    const stats = podCpuAndMemory(
      pod({ cgroup: all, containers: [container("c", { cgroup: all, logs: disk(1, 1) })], ownFiles: disk(1, 1) }),
    );
    assert.deepEqual(Object.keys(stats).sort(), ["containers", "cpu", "memory", "podRef", "startTime"]);
    assert.deepEqual(Object.keys(stats.containers?.[0] ?? {}).sort(), ["cpu", "memory", "name", "startTime"]);
  });
});
