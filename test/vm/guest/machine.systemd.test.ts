import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startContainerd } from "./containerd.ts";

const read = (path: string): string => readFileSync(path, "utf8").trim();
const systemctl = (...args: string[]): string => execFileSync("systemctl", args, { encoding: "utf8" }).trim();

test("systemd is process 1 and this test is in a service of its", () => {
  assert.equal(read("/proc/1/comm"), "systemd");
  assert.equal(read("/proc/self/cgroup"), "0::/system.slice/vm-command.service");
  assert.deepEqual(systemctl("list-units", "--failed", "--plain", "--no-legend"), "");
});

test("the systemd cgroup driver makes a scope of a container, with its limits, in the slice asked for", async () => {
  const { ctr, image, stop } = await startContainerd();
  try {
    const cgroup = ["--runc-systemd-cgroup", "--cgroup", "kubepods-burstable.slice:cri-test:first"];
    await ctr("run", "--detach", ...cgroup, "--memory-limit", String(64 << 20), image, "first", "sleep", "600");
    const scope = "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/cri-test-first.scope";
    assert.equal(read(`${scope}/memory.max`), String(64 << 20));
    assert.equal(systemctl("show", "--property=MemoryMax", "--value", "cri-test-first.scope"), String(64 << 20));
    await ctr("tasks", "kill", "--signal", "SIGKILL", "first");
  } finally {
    await stop();
  }
});
