import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type CgroupDriver, type CgroupName, cgroupNaming } from "../../src/core/cgroup/index.ts";
import { observeCgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { removeCgroupTree } from "../../src/host/cgroupfs/cgroup-tree.ts";
import { createCgroups } from "../../src/host/cgroupfs/create-cgroups.ts";
import { SystemdBus } from "../../src/host/cgroupfs/systemd/systemd-bus.ts";
import type { CgroupsUnderTest } from "./cgroups-contract.ts";

let roots = 0;

/** The cgroups of this machine below a root of their own, with real processes. */
export async function createMachineCgroups(driver: CgroupDriver): Promise<CgroupsUnderTest> {
  const layout = await observeCgroupLayout();
  const name = `tskubelet${process.pid}x${roots++}`;
  const root = driver === "systemd" ? `/${name}.slice` : `/${name}`;
  const naming = cgroupNaming(driver, [name]);
  const cgroups = await createCgroups({ root, driver, layout });
  const pathOf = (each: CgroupName): string => naming.path(each);
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

    async takeAway(name) {
      if (driver === "systemd") await new SystemdBus().stopUnit(pathOf(name).slice(pathOf(name).lastIndexOf("/") + 1));
      await takeAway(pathOf(name));
    },

    async close() {
      for (const child of started) child.kill("SIGKILL");
      await cgroups.remove(["kubepods"]);
      if (driver === "systemd") await new SystemdBus().stopUnit(root.slice(1));
      await takeAway(root);
    },
  };
}
