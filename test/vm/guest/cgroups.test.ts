import "./require-guest.ts";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, describe, it } from "node:test";
import { makeCgroup, removeCgroupTree } from "../../../src/host/cgroupfs/cgroup-tree.ts";
import { createCgroups } from "../../../src/host/cgroupfs/create-cgroups.ts";
import { cgroupsContract } from "../../contract/cgroups-contract.ts";
import { createMachineCgroups } from "../../contract/cgroups-world.ts";

cgroupsContract("host on cgroup v2, driver cgroupfs", () => createMachineCgroups("cgroupfs"));

describe("cgroups on v2", () => {
  const mount = "/sys/fs/cgroup";
  after(async () => {
    await writeFile(`${mount}/cgroup.procs`, String(process.pid));
    for (const name of ["delegated", "behind"]) await removeCgroupTree(`${mount}/${name}`);
  });
  const read = async (path: string): Promise<string> => (await readFile(`${mount}/${path}`, "utf8")).trim();

  it("moves the processes of a delegated root into a leaf, where they are in the way of controllers", async () => {
    await makeCgroup(`${mount}/delegated`);
    await writeFile(`${mount}/delegated/cgroup.procs`, String(process.pid));
    const cgroups = await createCgroups({ root: "/delegated", driver: "cgroupfs" });
    await cgroups.ensure(["kubepods", "pod1"], { memoryLimitBytes: 64 * 1024 * 1024, cpuShares: 1024, pidsLimit: 50 });
    assert.equal(await read("delegated/kubepods/pod1/memory.max"), String(64 * 1024 * 1024));
    assert.equal(await read("delegated/kubepods/pod1/cpu.weight"), "39");
    assert.equal(await read("delegated/kubepods/pod1/pids.max"), "50");
    assert.match(await read("delegated/agent/cgroup.procs"), new RegExp(`^${process.pid}$`, "m"));
    assert.equal(await cgroups.remove(["kubepods"]), true);
  });

  it("sets limits also where somebody made a level anew without handing its controllers down", async () => {
    const cgroups = await createCgroups({ root: "/behind", driver: "cgroupfs" });
    await cgroups.ensure(["kubepods", "pod1"], { memoryLimitBytes: 64 * 1024 * 1024 });
    await removeCgroupTree(`${mount}/behind`);
    await makeCgroup(`${mount}/behind`);
    await makeCgroup(`${mount}/behind/kubepods`);
    await cgroups.ensure(["kubepods", "pod1"], { memoryLimitBytes: 32 * 1024 * 1024 });
    assert.equal(await read("behind/kubepods/pod1/memory.max"), String(32 * 1024 * 1024));
  });
});
