/** A stall for want of memory on this machine: the alarm that cgroup v2 has, with the whole machine's pressure file. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openStallAlarm } from "../../src/host/pressure/stall-alarm.ts";
import { createMemoryWorld } from "./memory-world.ts";

const PRESSURE = "/proc/pressure/memory";
const LIMIT_MS = 20_000;

test("no alarm where the kernel tells of no stall", async () => {
  assert.equal(await openStallAlarm({ pressure: "/proc/pressure/no-such", events: "/proc/no-such" }), undefined);
});

test("an alarm goes off when tasks wait for memory", { skip: !existsSync(PRESSURE) }, async () => {
  const path = join(tmpdir(), `tskubelet-stall-${process.pid}`);
  // Past the page cache, so that whoever reads it has to find room for it: 64 MiB in a cgroup of 24.
  spawnSync("dd", ["if=/dev/zero", `of=${path}`, "bs=1M", "count=64", "oflag=direct"], { stdio: "ignore" });
  const world = await createMemoryWorld(24 * 1024 * 1024);
  const alarm = await openStallAlarm({ pressure: PRESSURE });
  const patience = new AbortController();
  try {
    assert.ok(alarm);
    let isOff = false;
    const waiting = alarm.wait(patience.signal).then((rang) => {
      isOff = rang;
    });
    const until = performance.now() + LIMIT_MS;
    while (!isOff && performance.now() < until) await world.command(`read ${path} 4`);
    patience.abort();
    await waiting;
    assert.equal(isOff, true);
  } finally {
    patience.abort();
    alarm?.close();
    await world.close();
    rmSync(path, { force: true });
  }
});
