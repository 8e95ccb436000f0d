import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { CgroupName } from "../../src/core/cgroup/types.ts";
import type { Cgroups } from "../../src/ports/cgroups.ts";

export interface CgroupsUnderTest {
  readonly cgroups: Cgroups;
  /** Starts a process in the cgroup that sleeps until it is killed; returns its id. */
  readonly startProcess: (name: CgroupName) => Promise<number>;
  readonly isRunning: (pid: number) => Promise<boolean>;
  /** A limit as the kernel sees it now. */
  readonly memoryLimitBytes: (name: CgroupName) => Promise<number | undefined>;
  /** Takes the cgroup away behind the agent's back. */
  readonly takeAway: (name: CgroupName) => Promise<void>;
  readonly close: () => Promise<void>;
}

const MiB = 1024 * 1024;
const qos: CgroupName = ["kubepods", "burstable"];
const pod: CgroupName = ["kubepods", "burstable", "pod1f3c8a0e-6f5f-4b07-9d5e-000000000001"];

/** What every Cgroups must hold. */
export function cgroupsContract(name: string, create: () => Promise<CgroupsUnderTest>): void {
  describe(`Cgroups: ${name}`, () => {
    let under: CgroupsUnderTest;
    let cgroups: Cgroups;
    beforeEach(async () => {
      under = await create();
      cgroups = under.cgroups;
    });
    afterEach(() => under.close());

    it("makes a cgroup with its parents and its limits, and again without harm", async () => {
      assert.equal(await cgroups.exists(pod), false);
      await cgroups.ensure(pod, {
        cpuShares: 512,
        cpuQuotaUs: 50_000,
        cpuPeriodUs: 100_000,
        memoryLimitBytes: 64 * MiB,
      });
      await cgroups.ensure(pod, { cpuShares: 512, memoryLimitBytes: 64 * MiB });
      assert.equal(await cgroups.exists(pod), true);
      assert.equal(await cgroups.exists(qos), true);
      assert.equal(await under.memoryLimitBytes(pod), 64 * MiB);
    });

    it("makes many at once below parents that are not there", async () => {
      const names = Array.from({ length: 12 }, (_, n): CgroupName => ["kubepods", "besteffort", `pod${n}`]);
      await Promise.all(names.map((each) => cgroups.ensure(each, { cpuShares: 2, pidsLimit: 100 })));
      const children = await cgroups.children(["kubepods", "besteffort"]);
      assert.deepEqual(children.toSorted(), names.map((each) => each.at(-1)).toSorted());
    });

    it("changes limits of a cgroup that exists, both ways, and says so when it does not", async () => {
      assert.equal(await cgroups.update(pod, { memoryLimitBytes: 64 * MiB }), false);
      await cgroups.ensure(pod, {});
      assert.equal(await cgroups.update(pod, { memoryLimitBytes: 32 * MiB, cpuShares: 1024 }), true);
      assert.equal(await under.memoryLimitBytes(pod), 32 * MiB);
      assert.equal(await cgroups.update(pod, { memoryLimitBytes: -1, cpuQuotaUs: -1, pidsLimit: -1 }), true);
      assert.equal(await under.memoryLimitBytes(pod), undefined);
      const path = cgroups.runtimePath(pod);
      assert.equal(await cgroups.updateAt(path, { memoryLimitBytes: 16 * MiB }), true, "named from the top");
      assert.equal(await under.memoryLimitBytes(pod), 16 * MiB);
      assert.equal(await cgroups.updateAt("/no-such-cgroup.slice", { memoryLimitBytes: 16 * MiB }), false);
    });

    it("leaves a limit alone that is not given", async () => {
      await cgroups.ensure(pod, { memoryLimitBytes: 48 * MiB });
      await cgroups.ensure(pod, { cpuShares: 100 });
      assert.equal(await under.memoryLimitBytes(pod), 48 * MiB);
    });

    it("lists children of what is there and nothing of what is not", async () => {
      assert.deepEqual(await cgroups.children(qos), []);
      await cgroups.ensure(pod, {});
      assert.deepEqual(await cgroups.children(qos), [pod.at(-1)]);
      assert.deepEqual(await cgroups.children(pod), []);
    });

    it("lists the processes in and below a cgroup, each once", async () => {
      assert.deepEqual(await cgroups.processes(pod), []);
      await cgroups.ensure([...pod, "inner"], {});
      const pids = [await under.startProcess([...pod, "inner"]), await under.startProcess([...pod, "inner"])];
      assert.deepEqual((await cgroups.processes(qos)).toSorted(), pids.toSorted());
      assert.deepEqual((await cgroups.processes([...pod, "inner"])).toSorted(), pids.toSorted());
    });

    it("kills what is left and removes the cgroup with all below", async () => {
      await cgroups.ensure([...pod, "inner"], { memoryLimitBytes: 64 * MiB });
      const pid = await under.startProcess([...pod, "inner"]);
      assert.equal(await cgroups.remove(pod), true);
      assert.equal(await cgroups.exists(pod), false);
      assert.equal(await under.isRunning(pid), false);
      assert.equal(await cgroups.exists(qos), true);
      assert.deepEqual(await cgroups.children(qos), []);
    });

    it("takes the removal of what is not there as done", async () => {
      assert.equal(await cgroups.remove(pod), true);
    });

    it("makes a cgroup again whose parents were taken away behind its back", async () => {
      await cgroups.ensure(pod, { memoryLimitBytes: 64 * MiB });
      await under.takeAway(["kubepods"]);
      assert.equal(await cgroups.exists(pod), false);
      await cgroups.ensure(pod, { memoryLimitBytes: 64 * MiB });
      assert.equal(await under.memoryLimitBytes(pod), 64 * MiB);
    });

    it("never removes its root", async () => {
      await assert.rejects(cgroups.remove([]));
    });

    it("names cgroups for the runtime, each its own", async () => {
      const paths = [pod, qos, ["kubepods"]].map((each) => cgroups.runtimePath(each));
      assert.equal(new Set(paths).size, 3);
      for (const path of paths) assert.match(path, /kubepods/);
    });
  });
}
