import assert from "node:assert/strict";
import { test } from "node:test";
import { planKernelSettings, wantedKernelSettings } from "./kernel-settings.ts";

const current = { ...wantedKernelSettings, "kernel.panic": "0", "vm.panic_on_oom": "0" };

test("a node of a cluster changes what differs and nothing else", () => {
  assert.deepEqual(planKernelSettings({ current, protectKernelDefaults: false, standalone: false }), {
    change: { "kernel.panic": "10" },
    objections: [],
  });
});

test("protected settings that differ keep the agent from starting, alone or not", () => {
  for (const standalone of [false, true]) {
    assert.deepEqual(planKernelSettings({ current, protectKernelDefaults: true, standalone }), {
      change: {},
      objections: ["invalid kernel flag: kernel/panic, expected value: 10, actual value: 0"],
    });
  }
});

test("a node that stands alone leaves the machine's settings as they are", () => {
  assert.deepEqual(planKernelSettings({ current, protectKernelDefaults: false, standalone: true }).change, {});
});

test("what this kernel does not have is passed over", () => {
  for (const protectKernelDefaults of [false, true]) {
    const plan = planKernelSettings({ current: {}, protectKernelDefaults, standalone: false });
    assert.deepEqual(plan, { change: {}, objections: [] });
  }
});
