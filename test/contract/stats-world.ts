/** Cgroups, processes and files of this machine, small and cleaned up. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { observeCgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { removeCgroupTree } from "../../src/host/cgroupfs/cgroup-tree.ts";
import { createCgroups } from "../../src/host/cgroupfs/create-cgroups.ts";
import { createStats } from "../../src/host/stats/create-stats.ts";
import type { StatsUnderTest } from "./stats-contract.ts";

const TMPFS = 0x01021994;
const OVERLAY = 0x794c7630;
let worlds = 0;

/** What is asked of `sh` runs in the cgroups of the test from its first moment on. */
const JOIN = 'for file in $PROCS; do echo 0 >"$file"; done; ';
/** Burns some CPU time, holds so much memory, says so, and waits. */
const HOLD =
  'const held = Buffer.alloc(Number(process.env.BYTES), 1); console.log("ready"); setInterval(() => held.fill(2), 1e6);';

export async function createMachineStats(): Promise<StatsUnderTest> {
  const layout = await observeCgroupLayout();
  const top = `/tskubelet-stats-${process.pid}x${worlds++}`;
  const cgroups = await createCgroups({ root: top, driver: "cgroupfs", layout });
  const nameOf = (path: string) =>
    path
      .slice(top.length)
      .split("/")
      .filter((part) => part !== "");
  const mounts = layout.version === 1 ? ["memory", "cpu", "cpuacct", "pids"] : [];
  const procs = (path: string): readonly string[] =>
    layout.version === 2
      ? [`${layout.mountPoint}${path}/cgroup.procs`]
      : [...new Set(mounts.flatMap((name) => layout.controllers.get(name) ?? []))].map(
          (mount) => `${mount}${path}/cgroup.procs`,
        );
  const directory = mkdtempSync(join(tmpdir(), "tskubelet-stats-"));
  const started = new Map<number, ChildProcess>();
  // On a filesystem in memory a file is no page cache that could be dropped.
  const isDisk = ![TMPFS, OVERLAY].includes(statfsSync(directory).type);

  async function run(path: string, command: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
    const child = spawn("sh", ["-c", JOIN + command], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, PROCS: procs(path).join(" "), ...env },
    });
    await once(child, "spawn");
    return child;
  }

  return {
    stats: await createStats({ layout }),
    top,

    async makeCgroup(path) {
      await cgroups.ensure(nameOf(path), {});
      // The port makes what limits pods; runtimes make the rest of the tree as well.
      if (layout.version === 1) {
        for (const mount of layout.hierarchies) mkdirSync(mount + path, { recursive: true });
      }
    },

    async removeCgroup(path) {
      await cgroups.remove(nameOf(path));
    },

    async startProcess(path, anonBytes) {
      const child = await run(path, 'exec "$NODE" -e "$HOLD"', {
        NODE: process.execPath,
        HOLD,
        BYTES: String(anonBytes),
      });
      await once(child.stdout ?? child, "data");
      started.set(child.pid ?? 0, child);
      return child.pid ?? 0;
    },

    async endProcess(pid) {
      const child = started.get(pid);
      child?.kill("SIGKILL");
      if (child !== undefined) await once(child, "exit");
      started.delete(pid);
    },

    ...(isDisk && {
      async writeOnce(path: string, bytes: number) {
        const command = 'exec dd if=/dev/zero of="$FILE" bs=1M count="$COUNT" conv=fsync 2>/dev/null';
        const child = await run(path, command, { FILE: join(directory, "once"), COUNT: String(bytes / 1024 ** 2) });
        await once(child, "exit");
      },
    }),

    directory,
    writeFile: async (path, bytes) => writeFileSync(path, Buffer.alloc(bytes, 1), { flush: true }),
    makeDirectory: async (path) => void mkdirSync(path, { recursive: true }),
    link: async (path, target) => symlinkSync(target, path),
    remove: async (path) => rmSync(path),

    async close() {
      for (const child of started.values()) {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }
      await cgroups.remove(["pod1"]);
      rmSync(directory, { recursive: true, force: true });
      const all = layout.version === 1 ? layout.hierarchies : [layout.mountPoint];
      for (const mount of all) await removeCgroupTree(mount + top);
    },
  };
}
