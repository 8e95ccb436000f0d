import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LostShims, shimOf } from "./lost-shims.ts";

test("a shim is known by its program, its containerd, its namespace and its container", () => {
  const line = [
    "/usr/bin/containerd-shim-runc-v2",
    "-namespace",
    "k8s.io",
    "-id",
    "abc",
    "-address",
    "/run/a.sock",
    "",
  ];
  assert.deepEqual(shimOf(line, "/run/a.sock"), { namespace: "k8s.io", id: "abc" });
  assert.equal(shimOf(line, "/run/b.sock"), undefined);
  assert.equal(shimOf(["/usr/bin/containerd", ...line.slice(1)], "/run/a.sock"), undefined);
  assert.equal(shimOf(["/usr/bin/containerd-shim-runc-v2", "-address", "/run/a.sock"], "/run/a.sock"), undefined);
});

test("a shim that has neither bundle nor children ends at the second look, others live on", async () => {
  const state = mkdtempSync(join(tmpdir(), "tskshim-"));
  const socket = join(state, "containerd.sock");
  // As the kernel shows it, a shim; in truth a process that sleeps. The last one has a child.
  const shim = (id: string, script: string) =>
    spawn("/bin/sh", ["-c", script, "-namespace", "k8s.io", "-id", id, "-address", socket], {
      argv0: "/usr/bin/containerd-shim-runc-v2",
      stdio: ["pipe", "pipe", "ignore"],
    });
  const stay = "echo ready; read -r line";
  const lost = shim("lost", stay);
  const bundled = shim("bundled", stay);
  const parent = shim("parent", "trap 'kill $!; exit' TERM; sleep 100 > /dev/null & echo ready; wait");
  const all = [lost, bundled, parent];
  try {
    await Promise.all(all.map((each) => once(each.stdout, "data")));
    mkdirSync(join(state, "io.containerd.runtime.v2.task", "k8s.io", "bundled"), { recursive: true });
    const shims = new LostShims({ socket, state });
    assert.deepEqual(shims.collect(), []);
    const ended = once(lost, "exit");
    assert.deepEqual(shims.collect(), [lost.pid]);
    await ended;
    assert.deepEqual(
      [bundled.exitCode, bundled.signalCode, parent.exitCode, parent.signalCode],
      [null, null, null, null],
    );
  } finally {
    for (const each of all) each.kill("SIGTERM");
    rmSync(state, { recursive: true, force: true });
  }
});
