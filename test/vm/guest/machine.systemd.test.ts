import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path: string): string => readFileSync(path, "utf8").trim();
const systemctl = (...args: string[]): string => execFileSync("systemctl", args, { encoding: "utf8" }).trim();

test("systemd is process 1 and this test is in a service of its", () => {
  assert.equal(read("/proc/1/comm"), "systemd");
  assert.equal(read("/proc/self/cgroup"), "0::/system.slice/vm-command.service");
  assert.deepEqual(systemctl("list-units", "--failed", "--plain", "--no-legend"), "");
});
