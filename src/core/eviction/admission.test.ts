import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "../api/types.ts";
import { admitUnderPressure } from "./admission.ts";
import type { PressureCondition } from "./signals.ts";

const bare: PodSpec = { containers: [{ name: "c" }] };
const burstable: PodSpec = { containers: [{ name: "c", resources: { requests: { memory: "1Mi" } } }] };
const key = "node.kubernetes.io/memory-pressure";

function tolerating(toleration: object): PodSpec {
  return { ...bare, tolerations: [toleration] };
}

for (const [about, conditions, spec, admits] of [
  ["a BestEffort pod without pressure", [], bare, true],
  ["a BestEffort pod under memory pressure", ["MemoryPressure"], bare, false],
  ["a Burstable pod under memory pressure", ["MemoryPressure"], burstable, true],
  ["a Burstable pod under disk pressure", ["DiskPressure"], burstable, false],
  ["a Burstable pod under both", ["DiskPressure", "MemoryPressure"], burstable, false],
  ["a critical pod under all", ["DiskPressure", "MemoryPressure"], { ...bare, priority: 2_000_000_000 }, true],
  ["one that tolerates memory pressure", ["MemoryPressure"], tolerating({ key, operator: "Exists" }), true],
  ["one that tolerates all", ["MemoryPressure"], tolerating({ operator: "Exists" }), true],
  ["one that tolerates an empty value", ["MemoryPressure"], tolerating({ key }), true],
  ["one that tolerates another value", ["MemoryPressure"], tolerating({ key, value: "x" }), false],
  [
    "one that tolerates another effect",
    ["MemoryPressure"],
    tolerating({ key, operator: "Exists", effect: "NoExecute" }),
    false,
  ],
  [
    "one that tolerates memory pressure, under PID pressure",
    ["PIDPressure"],
    tolerating({ key, operator: "Exists" }),
    false,
  ],
] as const satisfies readonly [string, readonly PressureCondition[], PodSpec, boolean][]) {
  test(`${about} ${admits ? "is admitted" : "is refused"}`, () => {
    const admission = admitUnderPressure(conditions, { spec });
    assert.equal(admission.admit, admits);
    if (!admission.admit) {
      assert.deepEqual(
        [admission.reason, admission.message],
        ["Evicted", `The node had condition: [${conditions.join(" ")}]. `],
      );
    }
  });
}
