/** A cgroup of this machine with a small memory limit, and a process in it that takes what it is told to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupName } from "../../src/core/cgroup/index.ts";
import { observeCgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { removeCgroupTree } from "../../src/host/cgroupfs/cgroup-tree.ts";
import { createCgroups } from "../../src/host/cgroupfs/create-cgroups.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createPressureSignals } from "../../src/host/pressure/create-pressure-signals.ts";
import type { SignalsUnderTest } from "./pressure-signals-contract.ts";

const MiB = 1024 * 1024;
const CGROUP: CgroupName = ["kubepods", "besteffort", "podmemory", "app"];

/** Commands on stdin, one a line: `take BYTES`, `give`, `grow BYTES STEP_MS` (one MiB each step), `write FILE BYTES` and `read FILE TIMES` (which make page cache). */
const HOG = `
  const held = [];
  const fs = require("fs");
  const commands = {
    take: (bytes) => { held.push(Buffer.alloc(Number(bytes), 1)); console.log("done"); },
    give: () => { held.length = 0; gc(); console.log("done"); },
    grow: (bytes, stepMs) => {
      const timer = setInterval(() => {
        held.push(Buffer.alloc(${MiB}, 1));
        if (held.length * ${MiB} >= Number(bytes)) clearInterval(timer);
      }, Number(stepMs));
      console.log("done");
    },
    read: (path, times) => {
      const some = Buffer.alloc(${MiB});
      for (let time = 0; time < Number(times); time++) {
        const file = fs.openSync(path);
        while (fs.readSync(file, some) > 0);
        fs.closeSync(file);
      }
      console.log("done");
    },
    write: (path, bytes) => {
      const file = fs.openSync(path, "w");
      const some = Buffer.alloc(${MiB}, 1);
      for (let at = 0; at < Number(bytes); at += some.length) fs.writeSync(file, some);
      fs.fsyncSync(file);
      fs.closeSync(file);
      console.log("done");
    },
  };
  require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [command, ...args] = line.split(" ");
    commands[command](...args);
  });
  console.log("ready");
`;

export interface MemoryWorld extends SignalsUnderTest {
  readonly command: (line: string) => Promise<void>;
  readonly path: string;
  readonly pid: number;
}

let roots = 0;

export async function createMemoryWorld(limitBytes: number): Promise<MemoryWorld> {
  const layout = await observeCgroupLayout();
  const root = `/tskubelet-memory${process.pid}x${roots++}`;
  const cgroups = await createCgroups({ root, driver: "cgroupfs", layout, clock: createSystemClock() });
  await cgroups.ensure(CGROUP, { memoryLimitBytes: limitBytes });
  const mounts = layout.version === 1 ? layout.hierarchies : [layout.mountPoint];
  const memory = layout.version === 1 ? (layout.controllers.get("memory") ?? "") : layout.mountPoint;
  const path = `${root}/${CGROUP.join("/")}`;
  const hog = await startHog(`${memory}${path}/cgroup.procs`);
  const killed = once(hog, "exit").then(() => false);
  const command = async (line: string) => {
    const answered = new Promise<boolean>((resolve) => hog.stdout?.once("data", () => resolve(true)));
    hog.stdin?.write(`${line}\n`);
    if (!(await Promise.race([answered, killed]))) throw new Error(`the hog was killed at "${line}"`);
  };
  const end = async () => {
    if (hog.exitCode === null && hog.signalCode === null) {
      const ended = once(hog, "exit");
      hog.kill("SIGKILL");
      await ended;
    }
  };
  return {
    signals: await createPressureSignals({ root, driver: "cgroupfs", layout }),
    scope: { kind: "cgroup", name: CGROUP },
    path,
    pid: hog.pid ?? 0,
    command,
    take: (bytes) => command(`take ${bytes}`),
    giveBack: () => command("give"),
    async removeCgroup() {
      await end();
      await cgroups.remove(CGROUP);
    },
    pass: (ms) => sleep(ms),
    async close() {
      await end();
      await cgroups.remove(["kubepods"]);
      for (const mount of mounts) await removeCgroupTree(mount + root);
    },
  };
}

/** Its own memory is taken before it is in the cgroup, and is not counted there. */
async function startHog(procsFile: string): Promise<ChildProcess> {
  const hog = spawn(process.execPath, ["--expose-gc", "--no-warnings", "-e", HOG], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(hog.stdout, "data");
  await writeFile(procsFile, String(hog.pid));
  return hog;
}
