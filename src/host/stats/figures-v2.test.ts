import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { CgroupPart, Stats } from "../../ports/stats.ts";
import { createStats } from "./create-stats.ts";

const MiB = 1024 ** 2;
const all: readonly CgroupPart[] = ["cpu", "memory", "swap", "pids", "processes", "io", "pressure"];
const pod = "/kubepods.slice/kubepods-pod1.slice";

const meminfo = `MemTotal:        1000000 kB
MemFree:          400000 kB
MemAvailable:     700000 kB
SwapTotal:         50000 kB
SwapFree:          40000 kB
`;
const memoryStat = `anon ${20 * MiB}
file ${40 * MiB}
kernel ${2 * MiB}
inactive_anon ${15 * MiB}
active_anon ${5 * MiB}
inactive_file ${30 * MiB}
active_file ${10 * MiB}
pgfault 1234
pgmajfault 5
`;
const pressure = "some avg10=2.00 avg60=1.00 avg300=0.50 total=9\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=4\n";

describe("cgroup v2 figures", () => {
  let root: string;
  let stats: Stats;
  const put = (path: string, files: Readonly<Record<string, string>>) => {
    mkdirSync(join(root, path), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, path, name), text);
  };

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "stats-v2-"));
    put("proc", { meminfo, loadavg: "0.10 0.20 0.30 2/583 4711\n", stat: "cpu 1 2\nbtime 1767225600\n" });
    put("proc/sys/kernel", { pid_max: "4194304\n", "threads-max": "62934\n" });
    put("proc/pressure", { memory: pressure });
    put("proc/77/net", { dev: "a\nb\n  eth0: 1 0 2 0 0 0 0 0 3 0 4 0 0 0 0 0\n" });
    put("cgroup", {
      "memory.stat": memoryStat.replace(`inactive_file ${30 * MiB}`, `inactive_file ${100 * MiB}`),
      "cpu.stat": "usage_usec 5000000\n",
    });
    put(`cgroup${pod}`, {
      "memory.current": `${62 * MiB}\n`,
      "memory.max": `${128 * MiB}\n`,
      "memory.swap.current": "4096\n",
      "memory.swap.max": "max\n",
      "memory.stat": memoryStat,
      "memory.pressure": pressure,
      "cpu.stat": "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n",
      "pids.current": "7\n",
      "pids.max": "100\n",
      "cgroup.procs": "",
      "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n",
    });
    put(`cgroup${pod}/cri-containerd-abc.scope`, { "memory.current": "1\n", "cgroup.procs": "12\n13\n" });
    const mountPoint = join(root, "cgroup");
    stats = await createStats({
      proc: join(root, "proc"),
      layout: { version: 2, mountPoint, controllers: new Set(["cpu", "memory", "pids", "io"]) },
    });
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it("every part of a pod's cgroup", () => {
    const { atMs: _, monotonicMs: __, ...figures } = stats.cgroup({ path: pod, parts: all }) ?? {};
    assert.deepEqual(figures, {
      cpu: { usageCoreNanoSeconds: 1.5e9 },
      memory: {
        usageBytes: 62 * MiB,
        workingSetBytes: 32 * MiB,
        rssBytes: 20 * MiB,
        cacheBytes: 40 * MiB,
        inactiveFileBytes: 30 * MiB,
        activeFileBytes: 10 * MiB,
        inactiveAnonBytes: 15 * MiB,
        activeAnonBytes: 5 * MiB,
        pageFaults: 1234,
        majorPageFaults: 5,
        swapBytes: 4096,
        limitBytes: 128 * MiB,
      },
      pids: { current: 7, max: 100 },
      processes: [],
      io: { readBytes: 10, writeBytes: 20, readOperations: 1, writeOperations: 2 },
      pressure: {
        memory: {
          some: { total: 9, avg10: 2, avg60: 1, avg300: 0.5 },
          full: { total: 4, avg10: 1, avg60: 0, avg300: 0 },
        },
      },
    });
  });

  it("the root's usage is all memory that is not free", () => {
    const memory = stats.cgroup({ path: "/", parts: ["memory", "cpu"] })?.memory;
    assert.equal(memory?.usageBytes, 600_000 * 1024);
    assert.equal(memory?.workingSetBytes, 600_000 * 1024 - 100 * MiB);
    assert.equal(memory?.swapBytes, 10_000 * 1024);
    assert.equal(memory?.limitBytes, undefined);
  });

  it("a batch gives the same as one by one, in order, with what is gone as undefined", async () => {
    const parts: readonly CgroupPart[] = ["memory", "processes"];
    const inner = `${pod}/cri-containerd-abc.scope`;
    const found = await stats.cgroups([inner, "/gone", pod].map((path) => ({ path, parts })));
    assert.deepEqual(
      found.map((each) => each?.memory?.usageBytes),
      [1, undefined, 62 * MiB],
    );
    assert.equal(found[1], undefined);
    assert.deepEqual(found[0]?.processes, [12, 13]);
  });

  it("without the inactive file pages there is no working set: not even the usage", () => {
    put("cgroup/odd", { "memory.current": "5\n", "memory.stat": "anon 3\ninactive_file garbage\n" });
    assert.deepEqual(stats.cgroup({ path: "/odd", parts: ["memory"] })?.memory, { usageBytes: 5, rssBytes: 3 });
    put("cgroup/bad", { "memory.current": "five\n", "memory.stat": memoryStat });
    assert.equal(stats.cgroup({ path: "/bad", parts: ["memory"] }), undefined);
  });

  it("more page cache than usage is a working set of nothing", () => {
    put("cgroup/race", { "memory.current": "5\n", "memory.stat": "inactive_file 9\n" });
    assert.equal(stats.cgroup({ path: "/race", parts: ["memory"] })?.memory?.workingSetBytes, 0);
  });

  it("the machine as /proc tells it", () => {
    const { atMs: _, monotonicMs: __, ...machine } = stats.machine("all");
    assert.deepEqual(machine, {
      memory: {
        totalBytes: 1_000_000 * 1024,
        freeBytes: 400_000 * 1024,
        availableBytes: 700_000 * 1024,
        swapTotalBytes: 50_000 * 1024,
        swapFreeBytes: 40_000 * 1024,
      },
      tasks: 583,
      maxTasks: 62_934,
      bootedAtMs: 1_767_225_600_000,
      pressure: {
        memory: {
          some: { total: 9, avg10: 2, avg60: 1, avg300: 0.5 },
          full: { total: 4, avg10: 1, avg60: 0, avg300: 0 },
        },
      },
    });
  });

  it("children and network namespaces", () => {
    assert.deepEqual(stats.cgroupChildren(pod), ["cri-containerd-abc.scope"]);
    assert.deepEqual(stats.cgroupChildren("/gone"), []);
    assert.deepEqual(stats.network(77), [{ name: "eth0", rxBytes: 1, rxErrors: 2, txBytes: 3, txErrors: 4 }]);
    assert.equal(stats.network(78), undefined);
  });
});
