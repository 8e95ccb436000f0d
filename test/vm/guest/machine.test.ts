import "./require-guest.ts";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path: string): string => readFileSync(path, "utf8").trim();

test("cgroup v2 is the only hierarchy", () => {
  const types = read("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[2] ?? "");
  assert.deepEqual(
    types.filter((type) => type.startsWith("cgroup")),
    ["cgroup2"],
  );
  assert.match(read("/proc/self/cgroup"), /^0::\/.*$/);
});

test("the controllers of a node are there", () => {
  const controllers = read("/sys/fs/cgroup/cgroup.controllers").split(" ");
  for (const controller of ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"]) {
    assert.ok(controllers.includes(controller), controller);
  }
});

test("PSI is on for the machine and for cgroups", () => {
  assert.deepEqual(readdirSync("/proc/pressure").sort(), ["cpu", "io", "memory"]);
  assert.match(read("/proc/pressure/memory"), /^some avg10=.*\nfull avg10=/);
  assert.match(read("/sys/fs/cgroup/memory.pressure"), /^some avg10=/);
});

test("root has every capability, CAP_SYS_RESOURCE among them", () => {
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(read("/proc/self/status"))?.[1]}`);
  const sysResource = 1n << 24n;
  assert.equal(effective & sysResource, sysResource);
});

test("the tests run on the checkout's pinned Node.js", () => {
  assert.ok(Number(process.versions.node.split(".")[0]) >= 24, process.version);
});
