import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type NodeFigures, nodeCpuAndMemory, nodeStats } from "./node-stats.ts";
import type { FilesystemObservation } from "./observations.ts";

const GiB = 1024 ** 3;
const atMs = Date.UTC(2026, 0, 1, 12);
const at = { atMs, monotonicMs: 1_000 };
const disk: FilesystemObservation = {
  ...at,
  device: "8:1",
  capacityBytes: 100 * GiB,
  availableBytes: 30 * GiB,
  usedBytes: 60 * GiB,
  inodes: 1000,
  inodesFree: 400,
};
const psi = { total: 5, avg10: 1, avg60: 0.5, avg300: 0 };

const node = (more: Partial<NodeFigures> = {}): NodeFigures => ({
  nodeName: "n",
  cgroup: {
    ...at,
    cpu: { usageCoreNanoSeconds: 7 },
    memory: { usageBytes: 10 * GiB, workingSetBytes: 6 * GiB, swapBytes: 1 * GiB },
  },
  machine: {
    ...at,
    memory: { totalBytes: 16 * GiB, swapTotalBytes: 4 * GiB },
    tasks: 500,
    maxTasks: 32_768,
    bootedAtMs: atMs - 1000,
    pressure: { memory: { some: psi, full: psi } },
  },
  systemContainers: [],
  ...more,
});

describe("node stats", () => {
  it("available memory is the machine's memory less the working set", () => {
    const { memory, swap } = nodeStats(node());
    assert.equal(memory?.availableBytes, 10 * GiB);
    assert.equal(swap?.swapAvailableBytes, 3 * GiB);
  });

  it("memory that could not be read is absent, not zero", () => {
    const stats = nodeStats(node({ cgroup: { ...at, memory: { usageBytes: GiB } } }));
    assert.equal(stats.memory?.availableBytes, undefined);
    assert.equal(stats.cpu, undefined);
    const { cgroup: _, ...without } = node();
    assert.equal(nodeStats(without).memory, undefined);
  });

  it("allocatable memory is the limit of all pods' cgroup less their working set", () => {
    const memory = { workingSetBytes: 2 * GiB, limitBytes: 12 * GiB };
    const stats = nodeStats(
      node({
        systemContainers: [
          { name: "kubelet", startedAtMs: atMs, cgroup: undefined },
          { name: "pods", cgroup: { ...at, memory } },
        ],
      }),
    );
    assert.deepEqual(
      stats.systemContainers?.map(({ name, memory }) => [name, memory?.availableBytes]),
      [["pods", 10 * GiB]],
    );
  });

  it("the image filesystem has its own use of a disk that others fill, too", () => {
    const images = { ...at, usedBytes: 5 * GiB, inodesUsed: 9 };
    const { fs, runtime } = nodeStats(node({ nodeFs: disk, imageFs: disk, containerFs: disk, images }));
    assert.equal(fs?.usedBytes, 60 * GiB);
    assert.equal(fs?.inodesUsed, 600);
    assert.equal(runtime?.imageFs?.usedBytes, 5 * GiB);
    assert.equal(runtime?.imageFs?.availableBytes, 30 * GiB);
    assert.deepEqual(runtime?.containerFs, runtime?.imageFs);
  });

  it("writable layers on a disk of their own have that disk's room, and what the runtime says of them", () => {
    const layers = { ...at, usedBytes: 2 * GiB, inodesUsed: 3 };
    const containerFs = { ...disk, device: "9:9", availableBytes: 7 * GiB };
    const { runtime } = nodeStats(node({ nodeFs: disk, imageFs: disk, containerFs, layers }));
    assert.deepEqual([runtime?.containerFs?.usedBytes, runtime?.containerFs?.availableBytes], [2 * GiB, 7 * GiB]);
    assert.equal(runtime?.imageFs?.usedBytes, undefined);
  });

  it("a filesystem without a count of inodes has none in its stats", () => {
    const { inodes: _, inodesFree: __, ...uncounted } = disk;
    assert.deepEqual(Object.keys(nodeStats(node({ nodeFs: uncounted })).fs ?? {}), [
      "time",
      "availableBytes",
      "capacityBytes",
      "usedBytes",
    ]);
  });

  it("pressure of the machine is the node's", () => {
    const stats = nodeStats(node());
    assert.deepEqual(stats.memory?.psi?.some, psi);
    assert.equal(stats.cpu?.psi, undefined);
  });

  it("processes and their limit are those of the machine", () => {
    assert.deepEqual(nodeStats(node()).rlimit, { time: "2026-01-01T12:00:00Z", maxpid: 32_768, curproc: 500 });
  });

  it("only_cpu_and_memory has nothing else", () => {
    const keys = Object.keys(nodeCpuAndMemory(node({ nodeFs: disk }))).sort();
    assert.deepEqual(keys, ["cpu", "memory", "nodeName", "startTime", "systemContainers"]);
  });
});
