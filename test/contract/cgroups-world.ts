import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { CgroupName } from "../../src/core/cgroup/types.ts";
import type { CgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { removeCgroupTree } from "../../src/host/cgroupfs/cgroup-tree.ts";
import type { Cgroups } from "../../src/ports/cgroups.ts";
import type { CgroupsUnderTest } from "./cgroups-contract.ts";

/** The cgroups of this machine below `root`, with real processes. */
export function createCgroupsWorld(
  cgroups: Cgroups,
  layout: CgroupLayout,
  pathOf: (name: CgroupName) => string,
  root: string,
): CgroupsUnderTest {
  const started: ChildProcess[] = [];
  const mounts = layout.version === 1 ? layout.hierarchies : [layout.mountPoint];
  const memory = layout.version === 1 ? layout.controllers.get("memory") : layout.mountPoint;
  const takeAway = async (path: string): Promise<void> => {
    for (const mount of mounts) await removeCgroupTree(mount + path);
  };
  return {
    cgroups,

    async startProcess(name) {
      const child = spawn("sleep", ["3600"], { stdio: "ignore" });
      started.push(child);
      await once(child, "spawn");
      await writeFile(`${memory}${pathOf(name)}/cgroup.procs`, String(child.pid));
      return child.pid ?? 0;
    },

    isRunning: async (pid) => {
      const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      return status !== "" && !/\) [ZX] /.test(status);
    },

    async memoryLimitBytes(name) {
      const file = layout.version === 1 ? "memory.limit_in_bytes" : "memory.max";
      const text = (await readFile(`${memory}${pathOf(name)}/${file}`, "utf8")).trim();
      return text === "max" || Number(text) > 2 ** 60 ? undefined : Number(text);
    },

    takeAway: (name) => takeAway(pathOf(name)),

    async close() {
      for (const child of started) child.kill("SIGKILL");
      await cgroups.remove(["kubepods"]);
      await takeAway(root);
    },
  };
}
