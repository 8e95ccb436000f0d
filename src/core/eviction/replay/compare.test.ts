import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Summary } from "../../stats/summary.ts";
import { compareScenario } from "./compare.ts";
import type { Scenario } from "./scenario.ts";

const MI = 1024 * 1024;
const CAPACITY_MI = 1000;

function summary(second: number, availableMi: number, usedMi: Readonly<Record<string, number>>): Summary {
  const time = new Date(Date.UTC(2024, 0, 1) + second * 1000).toISOString();
  return {
    node: { memory: { time, availableBytes: availableMi * MI, workingSetBytes: (CAPACITY_MI - availableMi) * MI } },
    pods: Object.entries(usedMi).map(([uid, used]) => ({
      podRef: { uid, name: uid, namespace: "d" },
      memory: { workingSetBytes: used * MI },
    })),
  };
}

/** The hard threshold of the recording kills `big` at 10 s; the shortage would have passed by 30 s. */
const scenario: Scenario = {
  name: "spike",
  kubeletConfiguration: { evictionHard: { "memory.available": "200Mi" }, enforceNodeAllocatable: [] },
  dedicatedImageFs: false,
  pods: ["big", "small"].map((uid) => ({ metadata: { uid, name: uid, namespace: "d" }, spec: { containers: [] } })),
  steps: [
    { at: "0s", summary: summary(0, 500, { big: 300, small: 100 }), activePods: ["big", "small"] },
    { at: "10s", summary: summary(10, 150, { big: 300, small: 150 }), activePods: ["big", "small"] },
    { at: "20s", summary: summary(20, 460, { small: 140 }), activePods: ["small"] },
    { at: "30s", summary: summary(30, 700, { small: 100 }), activePods: ["small"] },
  ],
};

function compared(evictionHard: Readonly<Record<string, string>>) {
  const result = compareScenario(scenario, { kubeletConfiguration: { evictionHard, enforceNodeAllocatable: [] } });
  assert.ok(!("error" in result), "the configuration is valid");
  return result;
}

describe("under a laxer policy", () => {
  const { comparison, other } = compared({ "memory.available": "100Mi" });

  test("the pod that the recording killed lives on, and takes its memory with it", () => {
    assert.deepEqual(comparison.other.evictions, []);
    const available = other.steps.map(({ input }) => (input.summary?.node.memory?.availableBytes ?? 0) / MI);
    assert.deepEqual(available, [500, 150, 160, 400]);
    assert.deepEqual(
      other.steps.at(-1)?.input.activePods.map(({ uid }) => uid),
      ["small", "big"],
    );
  });

  test("the eviction of the recording was false: the shortage passed by itself", () => {
    assert.deepEqual(
      comparison.own.evictions.map(({ uid, atMs, isFalse }) => [uid, atMs, isFalse]),
      [["big", 10_000, true]],
    );
  });

  test("pressure lasted under one of them only", () => {
    assert.deepEqual([comparison.own.pressureMs, comparison.other.pressureMs], [{ MemoryPressure: 20_000 }, {}]);
  });
});

test("under a stricter policy pods die earlier, stay dead, and their memory is free", () => {
  const { comparison, other } = compared({ "memory.available": "550Mi" });
  assert.deepEqual(
    comparison.other.evictions.map(({ uid, atMs }) => [uid, atMs]),
    [
      ["big", 0],
      ["small", 10_000],
    ],
  );
  assert.deepEqual(
    other.steps.map(({ input }) => input.activePods.length),
    [2, 1, 0, 0],
  );
  assert.equal((other.steps[1]?.input.summary?.node.memory?.availableBytes ?? 0) / MI, 450);
});

test("a policy that no kubelet would start with is an error", () => {
  const result = compareScenario(scenario, { kubeletConfiguration: { evictionHard: { x: "1" } } });
  assert.deepEqual("error" in result && result.error, "unsupported eviction signal x");
});

test("the kernel's figure moves with the pods, and a pod that was on its way out under one policy lives under the other", () => {
  const [first, second, third, last] = scenario.steps;
  if (first === undefined || second === undefined || third === undefined || last === undefined)
    throw new Error("steps");
  const recorded: Scenario = {
    ...scenario,
    steps: [
      first,
      second,
      {
        ...third,
        memory: { memAvailableBytes: 500 * MI },
        inProgress: [{ uid: "big", sinceMs: 10_000, graceSeconds: 0 }],
      },
      last,
    ],
  };
  const evictionHard = { "memory.available": "100Mi" };
  const result = compareScenario(recorded, { kubeletConfiguration: { evictionHard, enforceNodeAllocatable: [] } });
  assert.ok(!("error" in result));
  assert.deepEqual(result.own.steps[2]?.input.memory, { memAvailableBytes: 500 * MI });
  assert.deepEqual(result.other.steps[2]?.input.memory, { memAvailableBytes: 200 * MI });
  assert.deepEqual(result.other.steps[2]?.input.inProgress, []);
});
