import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { setOwnOomScoreAdj } from "../procfs/oom-score.ts";
import { readKernelSettings, writeKernelSetting } from "./kernel-settings.ts";
import { readSwapIsOn } from "./read-swap.ts";

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "kernel-"));
});
after(() => rmSync(directory, { recursive: true }));

test("kernel settings are read and written by their sysctl names; what the kernel lacks is left out", async () => {
  mkdirSync(join(directory, "kernel/keys"), { recursive: true });
  writeFileSync(join(directory, "kernel/keys/root_maxkeys"), "200\n");
  const names = ["kernel.keys.root_maxkeys", "vm.panic_on_oom"];
  assert.deepEqual(await readKernelSettings(names, directory), { "kernel.keys.root_maxkeys": "200" });
  await writeKernelSetting("kernel.keys.root_maxkeys", "300", directory);
  assert.equal(readFileSync(join(directory, "kernel/keys/root_maxkeys"), "utf8"), "300");
  await assert.rejects(writeKernelSetting("vm.panic_on_oom", "0", directory), HostError);
});

test("swap is on where a disk is swapped to, not for compressed memory", async () => {
  const path = join(directory, "swaps");
  const isOn = (...areas: readonly string[]) => {
    const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority";
    writeFileSync(path, `${[head, ...areas].join("\n")}\n`);
    return readSwapIsOn(path);
  };
  assert.equal(await isOn(), false);
  assert.equal(await isOn("/dev/zram0                              partition\t8388604\t\t0\t\t100"), false);
  assert.equal(await isOn("/dev/zram0  partition\t1\t0\t100", "/swapfile  file\t2097148\t0\t-2"), true);
  assert.equal(await readSwapIsOn(join(directory, "no-swap-in-this-kernel")), false);
});

test("a process may make itself more likely to be killed", () => {
  const path = join(directory, "oom_score_adj");
  writeFileSync(path, "0\n");
  assert.equal(setOwnOomScoreAdj(500, path), 500);
  assert.equal(readFileSync(path, "utf8"), "500");
});
