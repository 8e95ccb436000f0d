import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cgroupOfProcess } from "./process-cgroup.ts";

let proc: string;
before(() => {
  proc = mkdtempSync(join(tmpdir(), "process-cgroup-"));
  mkdirSync(join(proc, "7"));
});
after(() => rmSync(proc, { recursive: true, force: true }));

const cgroupOf = (text: string, version: 1 | 2) => {
  writeFileSync(join(proc, "7/cgroup"), text);
  return cgroupOfProcess(7, version, proc);
};

test("a process's cgroup is that of its memory and CPU time, when both are the same", () => {
  assert.equal(cgroupOf("9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/a/b\n0::/x\n", 1), "/a/b");
  assert.equal(cgroupOf("4:memory:/a/b\n2:cpu,cpuacct:/a\n", 1), undefined);
  assert.equal(cgroupOf("0::/system.slice/x.service\n", 2), "/system.slice/x.service");
});

test("the root is no process's own cgroup, and one that is gone has none", () => {
  assert.equal(cgroupOf("0::/\n", 2), undefined);
  assert.equal(cgroupOf("garbage\n", 2), undefined);
  assert.equal(cgroupOfProcess(8, 2, proc), undefined);
});
