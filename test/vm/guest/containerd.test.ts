import "./require-guest.ts";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Containerd, startContainerd } from "./containerd.ts";

let containerd: Containerd;
before(async () => {
  containerd = await startContainerd();
});
after(() => containerd.stop());

test("containerd lays an overlay for an image and runs its container", async () => {
  const { ctr, image } = containerd;
  const script = "echo $$; echo hello >/file && cat /file";
  const said = await ctr("run", "--rm", "--snapshotter", "overlayfs", image, "first", "sh", "-c", script);
  assert.equal(said, "1\nhello");
});

test("a container's limits stand in its v2 cgroup", async () => {
  const { ctr, image } = containerd;
  await ctr("run", "--detach", "--memory-limit", String(64 << 20), image, "limited", "sleep", "600");
  try {
    assert.equal(readFileSync("/sys/fs/cgroup/default/limited/memory.max", "utf8").trim(), String(64 << 20));
    assert.match(readFileSync("/sys/fs/cgroup/default/limited/cgroup.controllers", "utf8"), /cpu.*memory.*pids/);
  } finally {
    await ctr("tasks", "kill", "--signal", "SIGKILL", "limited");
  }
});
