import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "./effective-configuration.ts";
import type { KubeletConfiguration } from "./kubelet-fields.ts";
import { machineObjections } from "./machine-checks.ts";

function kubelet(set: Partial<KubeletConfiguration>): KubeletConfiguration {
  const result = effectiveConfiguration({});
  assert.ok("configuration" in result);
  return { ...result.configuration.kubelet, ...set };
}

const v1 = { cgroupV1: true, swapIsOn: false };
const v2 = { cgroupV1: false, swapIsOn: false };

test("swap is refused unless failSwapOn is off", () => {
  const swapping = { cgroupV1: false, swapIsOn: true };
  assert.match(machineObjections(kubelet({}), swapping).join(), /^running with swap on is not supported/);
  assert.deepEqual(machineObjections(kubelet({ failSwapOn: false }), swapping), []);
  assert.deepEqual(machineObjections(kubelet({}), v2), []);
});

test("cgroup v1 is refused where failCgroupV1 is on", () => {
  assert.match(machineObjections(kubelet({ failCgroupV1: true }), v1).join(), /not run on a host using cgroup v1/);
  assert.deepEqual(machineObjections(kubelet({ failCgroupV1: true }), v2), []);
  assert.deepEqual(machineObjections(kubelet({}), v1), []);
});

test("killing whole containers is refused on cgroup v1, which cannot", () => {
  assert.match(machineObjections(kubelet({ singleProcessOOMKill: false }), v1).join(), /singleProcessOOMKill must not/);
  assert.deepEqual(machineObjections(kubelet({ singleProcessOOMKill: true }), v1), []);
  assert.deepEqual(machineObjections(kubelet({ singleProcessOOMKill: false }), v2), []);
});
