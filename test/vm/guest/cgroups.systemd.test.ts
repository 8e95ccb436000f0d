import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { cgroupsContract } from "../../contract/cgroups-contract.ts";
import { createMachineCgroups } from "../../contract/cgroups-world.ts";

cgroupsContract("host on cgroup v2, driver systemd", () => createMachineCgroups("systemd"));

describe("slices of systemd", () => {
  it("keep their limits when systemd reads its configuration again", async () => {
    const { cgroups, close } = await createMachineCgroups("systemd");
    const pod = ["kubepods", "burstable", "pod1-2"];
    const limits = { memoryLimitBytes: 64 * 1024 * 1024, cpuQuotaUs: 25_000, cpuPeriodUs: 100_000, pidsLimit: 77 };
    await cgroups.ensure(pod, { ...limits, cpuShares: 1024 });
    await promisify(execFile)("systemctl", ["daemon-reload"]);
    const directory = `/sys/fs/cgroup${cgroups.runtimePath(pod)}`;
    assert.match(directory, /-kubepods-burstable-pod1_2\.slice$/);
    const read = async (file: string): Promise<string> => (await readFile(`${directory}/${file}`, "utf8")).trim();
    assert.equal(await read("memory.max"), String(64 * 1024 * 1024));
    assert.equal(await read("cpu.max"), "25000 100000");
    assert.equal(await read("cpu.weight"), "39");
    assert.equal(await read("pids.max"), "77");
    const unit = directory.slice(directory.lastIndexOf("/") + 1);
    const { stdout } = await promisify(execFile)("systemctl", ["show", "-P", "MemoryMax", unit]);
    assert.equal(stdout.trim(), String(64 * 1024 * 1024));
    await close();
    const after = await promisify(execFile)("systemctl", ["list-units", "--all", "--plain", "--no-legend", "*pod1_2*"]);
    assert.equal(after.stdout.trim(), "");
  });
});
