import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DiskUsage } from "../../src/core/stats/observations.ts";
import type { CgroupPart, Stats } from "../../src/ports/stats.ts";

export interface StatsUnderTest {
  readonly stats: Stats;
  /** A cgroup of the test's own, of which the others are made below. */
  readonly top: string;
  readonly makeCgroup: (path: string) => Promise<void>;
  readonly removeCgroup: (path: string) => Promise<void>;
  /** A process in the cgroup that holds `anonBytes` and has used some CPU time; returns its id. */
  readonly startProcess: (path: string, anonBytes: number) => Promise<number>;
  readonly endProcess: (pid: number) => Promise<void>;
  /** A process in the cgroup writes a file of this size once, and it is on the disk. Absent: no disk for that here. */
  readonly writeOnce?: (path: string, bytes: number) => Promise<void>;
  /** An empty directory on a disk. */
  readonly directory: string;
  readonly writeFile: (path: string, bytes: number) => Promise<void>;
  readonly makeDirectory: (path: string) => Promise<void>;
  readonly link: (path: string, target: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const MiB = 1024 ** 2;
const ALL: readonly CgroupPart[] = ["cpu", "memory", "swap", "pids", "processes", "io", "pressure"];

/** What every Stats must hold. */
export function statsContract(name: string, create: () => Promise<StatsUnderTest>): void {
  describe(`Stats: ${name}`, () => {
    let under: StatsUnderTest;
    let stats: Stats;
    let pod: string;
    let container: string;
    beforeEach(async () => {
      under = await create();
      stats = under.stats;
      pod = `${under.top}/pod1`;
      container = `${pod}/c1`;
    });
    afterEach(() => under.close());

    const memory = (path: string) => {
      const found = stats.cgroup({ path, parts: ["memory"] })?.memory;
      const { usageBytes, workingSetBytes, inactiveFileBytes, rssBytes } = found ?? {};
      assert.ok(usageBytes !== undefined && workingSetBytes !== undefined, `memory of ${path}`);
      assert.ok(inactiveFileBytes !== undefined && rssBytes !== undefined, `memory of ${path}`);
      return { usageBytes, workingSetBytes, inactiveFileBytes, rssBytes };
    };

    it("knows nothing of a cgroup that is not there, before and after", async () => {
      assert.equal(stats.cgroup({ path: container, parts: ALL }), undefined);
      await under.makeCgroup(container);
      assert.ok(stats.cgroup({ path: container, parts: ALL }) !== undefined);
      await under.removeCgroup(pod);
      assert.equal(stats.cgroup({ path: container, parts: ALL }), undefined);
      assert.deepEqual(await stats.cgroups([{ path: container, parts: ALL }]), [undefined]);
    });

    it("gives the parts that were asked for, and no others", async () => {
      await under.makeCgroup(container);
      const found = stats.cgroup({ path: container, parts: ["memory"] }) ?? {};
      assert.deepEqual(Object.keys(found).sort(), ["atMs", "memory", "monotonicMs"]);
    });

    it("memory that a process holds is usage, working set and anonymous memory, also of the cgroups above", async () => {
      await under.makeCgroup(container);
      const before = memory(pod);
      await under.startProcess(container, 32 * MiB);
      for (const path of [container, pod]) {
        const after = memory(path);
        assert.ok(after.usageBytes - before.usageBytes >= 32 * MiB, `usage of ${path}`);
        assert.ok(after.workingSetBytes - before.workingSetBytes >= 32 * MiB, `working set of ${path}`);
        assert.ok(after.rssBytes - before.rssBytes >= 31 * MiB, `anonymous memory of ${path}`);
      }
    });

    it("page cache of a file written once grows the usage, and not the working set", async (t) => {
      if (under.writeOnce === undefined) return t.skip("no disk here: files are memory");
      await under.makeCgroup(container);
      const before = memory(container);
      await under.writeOnce(container, 64 * MiB);
      const after = memory(container);
      assert.ok(
        after.usageBytes - before.usageBytes >= 60 * MiB,
        `usage grew by ${after.usageBytes - before.usageBytes}`,
      );
      assert.ok(after.inactiveFileBytes - before.inactiveFileBytes >= 56 * MiB);
      const grown = after.workingSetBytes - before.workingSetBytes;
      assert.ok(grown < 8 * MiB, `working set grew by ${grown}`);
    });

    it("CPU time, processes and tasks of a cgroup", async () => {
      await under.makeCgroup(container);
      const pids = [await under.startProcess(container, MiB), await under.startProcess(container, MiB)];
      const found = stats.cgroup({ path: container, parts: ["cpu", "processes", "pids"] });
      assert.ok((found?.cpu?.usageCoreNanoSeconds ?? 0) > 0);
      assert.deepEqual(found?.processes?.toSorted(), pids.toSorted());
      assert.ok((found?.pids?.current ?? 0) >= 2);
      assert.deepEqual(stats.cgroup({ path: pod, parts: ["processes"] })?.processes, []);
      assert.ok((stats.cgroup({ path: pod, parts: ["pids"] })?.pids?.current ?? 0) >= 2);
    });

    it("answers many at once in the order of the questions", async () => {
      await under.makeCgroup(container);
      await under.makeCgroup(`${pod}/c2`);
      await under.startProcess(`${pod}/c2`, 16 * MiB);
      const paths = [`${pod}/c2`, `${pod}/none`, container, "/"];
      const found = await stats.cgroups(paths.map((path) => ({ path, parts: ["memory"] })));
      assert.equal(found.length, 4);
      assert.equal(found[1], undefined);
      const usage = (index: number) => found[index]?.memory?.usageBytes ?? -1;
      assert.ok(usage(0) >= 16 * MiB && usage(2) >= 0 && usage(2) < 16 * MiB && usage(3) > usage(0));
      const times = found.flatMap((each) => each?.monotonicMs ?? []);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    });

    it("lists cgroups below one, and none below what is not there", async () => {
      await under.makeCgroup(container);
      await under.makeCgroup(`${pod}/c2`);
      assert.deepEqual([...stats.cgroupChildren(pod)].sort(), ["c1", "c2"]);
      assert.deepEqual(stats.cgroupChildren(`${pod}/none`), []);
    });

    it("tells the machine's memory and tasks", () => {
      const { memory: all = {}, tasks = 0, maxTasks = 0 } = stats.machine("all");
      const { totalBytes = 0, freeBytes = 0, availableBytes = 0 } = all;
      assert.ok(totalBytes > freeBytes && freeBytes > 0 && availableBytes > 0 && availableBytes <= totalBytes);
      assert.ok(tasks > 0 && tasks < maxTasks);
      assert.ok((memory("/").usageBytes ?? 0) < totalBytes);
      assert.deepEqual(Object.keys(stats.machine("memory")).sort(), ["atMs", "memory", "monotonicMs"]);
    });

    it("tells the room of a filesystem, and which one it is", async () => {
      await under.makeDirectory(`${under.directory}/inner`);
      const [outer, inner] = await Promise.all(
        [under.directory, `${under.directory}/inner`].map((each) => stats.filesystem(each)),
      );
      assert.ok(outer !== undefined && inner !== undefined);
      assert.equal(outer.device, inner.device);
      assert.ok(outer.capacityBytes > 0 && outer.availableBytes <= outer.capacityBytes - outer.usedBytes);
      assert.equal(await stats.filesystem(`${under.directory}/none`), undefined);
    });

    it("measures what a directory takes: files and directories, whole blocks, no symlinks' targets", async () => {
      const usage = async (): Promise<Partial<DiskUsage>> => (await stats.diskUsage(under.directory)) ?? {};
      const before = await usage();
      await under.makeDirectory(`${under.directory}/a`);
      await under.writeFile(`${under.directory}/a/file`, MiB + 1);
      await under.link(`${under.directory}/a/link`, "/etc");
      const after = await usage();
      assert.equal((after.inodesUsed ?? 0) - (before.inodesUsed ?? 0), 3);
      const grown = (after.usedBytes ?? 0) - (before.usedBytes ?? 0);
      assert.ok(grown > MiB && grown < MiB + 64 * 1024, `grew by ${grown}`);
      await under.remove(`${under.directory}/a/file`);
      assert.equal((await usage()).inodesUsed, (after.inodesUsed ?? 0) - 1);
      assert.equal(await stats.diskUsage(`${under.directory}/none`), undefined);
    });

    it("measures the files of one directory alone", async () => {
      await under.makeDirectory(`${under.directory}/inner`);
      await under.writeFile(`${under.directory}/inner/deep`, 4096);
      await under.writeFile(`${under.directory}/log`, 4096);
      const { usedBytes, inodesUsed } = (await stats.diskUsage(under.directory, { filesOnly: true })) ?? {};
      assert.deepEqual([usedBytes, inodesUsed], [4096, 1]);
    });

    it("tells the network of a process until it is gone", async () => {
      await under.makeCgroup(container);
      const pid = await under.startProcess(container, MiB);
      const interfaces = stats.network(pid);
      assert.ok(interfaces?.every(({ name }) => name !== "lo"));
      await under.endProcess(pid);
      assert.equal(stats.network(pid), undefined);
    });
  });
}
