/** A cgroup of 16 MiB in which the kernel of this machine kills a hog. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupName } from "../../src/core/cgroup/index.ts";
import { observeCgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { removeCgroupTree } from "../../src/host/cgroupfs/cgroup-tree.ts";
import { createCgroups } from "../../src/host/cgroupfs/create-cgroups.ts";
import { createOomCounters } from "../../src/host/cgroupfs/create-oom-counters.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createKernelLog } from "../../src/host/kmsg/create-kernel-log.ts";
import type { KernelLogUnderTest } from "./kernel-log-contract.ts";

const MiB = 1024 * 1024;
const clock = createSystemClock();
let roots = 0;

export async function createOomWorld(): Promise<KernelLogUnderTest> {
  const layout = await observeCgroupLayout();
  const root = `/tskubelet-oom${process.pid}x${roots++}`;
  const podUid = `1f3c8a0e-6f5f-4b07-9d5e-${String(process.pid).padStart(8, "0")}${String(roots).padStart(4, "0")}`;
  const containerId = "ef807430361e6e82b45db92e2e9b6fbec98f419b12c591e655c1a725565e73a8";
  const pod: CgroupName = ["kubepods", "besteffort", `pod${podUid}`];
  const cgroups = await createCgroups({ root, driver: "cgroupfs", layout, clock });
  await cgroups.ensure([...pod, containerId], { memoryLimitBytes: 16 * MiB });
  const mounts = layout.version === 1 ? layout.hierarchies : [layout.mountPoint];
  const memory = layout.version === 1 ? (layout.controllers.get("memory") ?? "") : layout.mountPoint;
  const procs = `${memory}${root}/${[...pod, containerId].join("/")}/cgroup.procs`;
  return {
    log: createKernelLog({ clock }),
    counters: await createOomCounters({ root, driver: "cgroupfs", layout }),
    pod,
    podUid,
    containerId,
    async killForMemory() {
      // A line that never ends, all of which `tail` would keep.
      const script = `echo $$ > ${procs}; exec tail -n 1 /dev/zero`;
      const hog = spawn("sh", ["-c", script], { stdio: "ignore" });
      const [, signal] = await once(hog, "exit");
      assert.equal(signal, "SIGKILL");
      return hog.pid ?? 0;
    },
    now: () => clock.now(),
    pass: (ms) => sleep(ms),
    async close() {
      await cgroups.remove(["kubepods"]);
      for (const mount of mounts) await removeCgroupTree(mount + root);
    },
  };
}
