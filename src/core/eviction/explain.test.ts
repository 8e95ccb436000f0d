import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EvictionNode, inputOf, MI, type TestPod } from "../../../test/support/eviction-node.ts";
import { explainEviction, explainPod } from "./explain.ts";

const fields = {
  evictionHard: { "memory.available": "200Mi", "pid.available": "100" },
  evictionSoft: { "memory.available": "400Mi" },
  evictionSoftGracePeriod: { "memory.available": "1m" },
};
const pods: readonly TestPod[] = [
  { uid: "static", usedMi: 500, isStatic: true },
  { uid: "first", usedMi: 300, requestMi: 100 },
  { uid: "second", usedMi: 200, requestMi: 50 },
  { uid: "important", usedMi: 300, requestMi: 100, priority: 5 },
  { uid: "modest", usedMi: 90, requestMi: 100 },
  { uid: "unmeasured", isUnmeasured: true },
];
const last = { atSeconds: 10, availableMi: 350, pods };

describe("the node", () => {
  const node = new EvictionNode(fields);
  node.step({ atSeconds: 0, availableMi: 450, pods });
  node.step(last);
  const explanation = explainEviction(node.config, node.state, inputOf(last));
  const [memory, pids] = explanation.signals;

  test("tells each threshold's distance, and when the trend leads to it", () => {
    const [hard, soft] = memory?.thresholds ?? [];
    assert.equal(memory?.trendPerSecond, -10 * MI);
    assert.deepEqual([hard?.distance, hard?.reachedInMs, hard?.isMet], [150 * MI, 15_000, false]);
    assert.deepEqual(
      [soft?.distance, soft?.reachedInMs, soft?.isMet, soft?.graceLeftMs],
      [-50 * MI, undefined, true, 60_000],
    );
  });

  test("says nothing of a signal that was not observed but who it would hit", () => {
    assert.deepEqual([pids?.available, pids?.thresholds[0]?.distance], [undefined, undefined]);
    assert.equal(pids?.next?.victim.uid, "unmeasured");
  });

  test("names the next victim, the runner-up and the step between them", () => {
    assert.equal(memory?.next?.victim.uid, "unmeasured");
    assert.deepEqual([memory?.next?.runnerUp?.pod.uid, memory?.next?.runnerUp?.decidedBy], ["first", "StatsMissing"]);
    assert.deepEqual(memory?.next?.passedOverUids, []);
  });

  test("tells how long a condition stays", () => {
    assert.deepEqual(
      explanation.conditions.map(({ type, staysMs }) => [type, staysMs]),
      [
        ["DiskPressure", undefined],
        ["MemoryPressure", 300_000],
        ["PIDPressure", undefined],
      ],
    );
  });
});

describe("a pod", () => {
  const { config } = new EvictionNode({ evictionHard: { "memory.available": "200Mi" } });

  for (const [uid, place, remedies] of [
    ["unmeasured", 1, [{ kind: "BeMeasured" }]],
    [
      "first",
      2,
      [
        { kind: "UseAtMost", amount: 250 * MI },
        { kind: "RequestAtLeast", amount: 150 * MI },
      ],
    ],
    ["second", 3, [{ kind: "HavePriorityAbove", priority: 5 }]],
    [
      "important",
      4,
      [
        { kind: "UseAtMost", amount: 100 * MI },
        { kind: "RequestAtLeast", amount: 300 * MI },
      ],
    ],
    ["modest", 5, []],
    ["static", undefined, []],
  ] as const) {
    test(`${uid} is told its place and what would change it`, () => {
      const [memory] = explainPod(config, inputOf(last), uid);
      assert.deepEqual([memory?.place, memory?.remedies], [place, remedies]);
    });
  }

  test("that is not active has no place", () => {
    assert.deepEqual(explainPod(config, inputOf(last), "gone"), []);
  });
});
