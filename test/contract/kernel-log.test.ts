/** The log of this machine's kernel, which kills a hog in a small cgroup. */
import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createKernelLog } from "../../src/host/kmsg/create-kernel-log.ts";
import { kernelLogContract } from "./kernel-log-contract.ts";
import { createOomWorld } from "./oom-world.ts";

/** Not where the machine keeps its kernel's log to itself. */
function isReadable(): boolean {
  try {
    closeSync(openSync("/dev/kmsg", "r"));
    return true;
  } catch {
    return false;
  }
}

if (isReadable()) kernelLogContract("host", createOomWorld);

test("a log that cannot be read says so", async () => {
  const log = createKernelLog({ clock: createSystemClock(), path: "/dev/no-such-log" });
  assert.equal(await log.follow(() => {}, new AbortController().signal), false);
});
