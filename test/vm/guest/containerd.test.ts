import "./require-guest.ts";
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { buildBusyboxImage } from "./busybox-image.ts";

const folder = mkdtempSync(join(tmpdir(), "containerd-"));
const socket = join(folder, "containerd.sock");
const image = "docker.io/library/busybox:vm";
let containerd: ChildProcess;

async function ctr(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("ctr", ["--address", socket, ...args]);
  return stdout.trim();
}

async function untilReady(): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await ctr("version");
      return;
    } catch (error) {
      if (containerd.exitCode !== null || performance.now() > deadline) {
        throw new Error(readFileSync(join(folder, "log"), "utf8"), { cause: error });
      }
      await sleep(100);
    }
  }
}

before(async () => {
  const config = join(folder, "config.toml");
  const settings = [
    "version = 2",
    `root = "${folder}/root"`,
    `state = "${folder}/state"`,
    "[grpc]",
    `address = "${socket}"`,
  ];
  writeFileSync(config, settings.join("\n"));
  const log = openSync(join(folder, "log"), "w");
  containerd = spawn("containerd", ["--config", config], { stdio: ["ignore", log, log] });
  closeSync(log);
  await untilReady();
});

after(async () => {
  containerd.kill("SIGTERM");
  if (containerd.exitCode === null) await once(containerd, "exit");
});

test("containerd lays an overlay for an imported image and runs its container", async () => {
  await ctr("images", "import", buildBusyboxImage(folder, image));
  const said = await ctr(
    "run",
    "--rm",
    "--snapshotter",
    "overlayfs",
    image,
    "first",
    "sh",
    "-c",
    "echo $$; echo hello >/file && cat /file",
  );
  assert.equal(said, "1\nhello");
});

test("a container's limits stand in its v2 cgroup", async () => {
  await ctr("run", "--detach", "--memory-limit", String(64 << 20), image, "limited", "sleep", "600");
  try {
    assert.equal(readFileSync("/sys/fs/cgroup/default/limited/memory.max", "utf8").trim(), String(64 << 20));
    assert.match(readFileSync("/sys/fs/cgroup/default/limited/cgroup.controllers", "utf8"), /cpu.*memory.*pids/);
  } finally {
    await ctr("tasks", "kill", "--signal", "SIGKILL", "limited");
  }
});
