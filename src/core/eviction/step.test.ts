import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EvictionNode, fs, MI, type TestPod, victimsOf } from "../../../test/support/eviction-node.ts";

const small: TestPod = { uid: "small", usedMi: 100, requestMi: 50 };
const big: TestPod = { uid: "big", usedMi: 300, requestMi: 50 };
const modest: TestPod = { uid: "modest", usedMi: 300, requestMi: 400 };
const pods = [modest, small, big];

const hardMemory = { evictionHard: { "memory.available": "200Mi" } };
const softMemory = {
  evictionHard: {},
  evictionSoft: { "memory.available": "200Mi" },
  evictionSoftGracePeriod: { "memory.available": "30s" },
  evictionMaxPodGracePeriod: 5,
};

describe("a hard threshold", () => {
  test("is met below its value, not at it", () => {
    const node = new EvictionNode(hardMemory);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 0, availableMi: 200, pods })), []);
    assert.deepEqual(node.state.conditions, []);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 10, availableMi: 199, pods })), ["big"]);
    assert.deepEqual(node.state.conditions, ["MemoryPressure"]);
  });

  test("kills one pod at once, and tells the node, the pod and its status why", () => {
    const { plan } = new EvictionNode(hardMemory).step({ atSeconds: 0, availableMi: 100, pods });
    assert.deepEqual(plan.nodeEvents, [
      { type: "Warning", reason: "EvictionThresholdMet", message: "Attempting to reclaim memory" },
    ]);
    const [victim] = plan.kind === "evict" ? plan.victims : [];
    const message =
      "The node was low on resource: memory. Threshold quantity: 200Mi, available: 100Mi. " +
      "Container main was using 300Mi, request is 50Mi, has larger consumption of memory. ";
    assert.deepEqual(victim, {
      uid: "big",
      namespace: "default",
      name: "big",
      gracePeriodSeconds: 0,
      reason: "Evicted",
      message,
      annotations: {
        offending_containers: "main",
        offending_containers_usage: "300Mi",
        starved_resource: "memory",
      },
      condition: { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message },
      isForced: false,
    });
  });

  test("says so when nobody runs, or nobody may be evicted", () => {
    const node = new EvictionNode(hardMemory);
    const idle = node.step({ atSeconds: 0, availableMi: 100, pods: [] });
    assert.equal(idle.plan.kind === "nothing" && idle.plan.reason, "NoActivePods");
    const critical = node.step({ atSeconds: 10, availableMi: 100, pods: [{ ...big, isStatic: true }] });
    assert.equal(critical.plan.kind === "nothing" && critical.plan.reason, "NoneEvictable");
    assert.deepEqual(critical.trace.choice?.passedOver, [{ uid: "big", reason: "Critical" }]);
  });

  test("does not evict on statistics that it has used already", () => {
    const node = new EvictionNode(hardMemory);
    const old = "2024-01-01T00:00:00.000Z";
    assert.deepEqual(victimsOf(node.step({ atSeconds: 0, availableMi: 100, pods, time: old })), ["big"]);
    const again = node.step({ atSeconds: 10, availableMi: 100, pods, time: old });
    assert.deepEqual([victimsOf(again), again.trace.thresholds[0]?.isStale], [[], true]);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 20, availableMi: 100, pods, time: "" })), ["big"]);
  });
});

describe("statistics that fail", () => {
  test("decide nothing, and nothing is forgotten", () => {
    const node = new EvictionNode(hardMemory);
    node.step({ atSeconds: 0, availableMi: 100, pods });
    const before = node.state;
    const { plan } = node.step({ atSeconds: 1000, pods }, { summary: undefined } as object);
    assert.equal(plan.kind === "nothing" && plan.reason, "NoStatistics");
    assert.equal(node.state, before);
  });

  test("of one signal meet none of its thresholds", () => {
    const node = new EvictionNode(hardMemory);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 0, pods })), []);
  });
});

describe("a soft threshold", () => {
  test("shows its condition at once, evicts when its grace period is over, with the pod grace of the configuration", () => {
    const node = new EvictionNode(softMemory);
    const waiting = node.step({ atSeconds: 0, availableMi: 100, pods });
    assert.deepEqual([victimsOf(waiting), node.state.conditions], [[], ["MemoryPressure"]]);
    assert.equal(waiting.trace.thresholds[0]?.graceLeftMs, 30_000);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 29.999999, availableMi: 100, pods })), []);
    const { plan } = node.step({ atSeconds: 30, availableMi: 100, pods });
    assert.equal(plan.kind === "evict" && plan.victims[0]?.gracePeriodSeconds, 5);
  });

  test("starts again when it was not met in between", () => {
    const node = new EvictionNode(softMemory);
    node.step({ atSeconds: 0, availableMi: 100, pods });
    node.step({ atSeconds: 20, availableMi: 300, pods });
    node.step({ atSeconds: 25, availableMi: 100, pods });
    assert.deepEqual(victimsOf(node.step({ atSeconds: 40, availableMi: 100, pods })), []);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 55, availableMi: 100, pods })), ["big"]);
  });
});

test("a minimum reclaim holds a threshold until as much more is available", () => {
  const node = new EvictionNode({ ...hardMemory, evictionMinimumReclaim: { "memory.available": "100Mi" } });
  assert.deepEqual(victimsOf(node.step({ atSeconds: 0, availableMi: 250, pods })), []);
  node.step({ atSeconds: 10, availableMi: 199, pods });
  const held = node.step({ atSeconds: 20, availableMi: 299, pods });
  assert.deepEqual([victimsOf(held), held.trace.thresholds[0]?.isHeld], [["big"], true]);
  assert.deepEqual(victimsOf(node.step({ atSeconds: 30, availableMi: 300, pods })), []);
});

test("a condition stays until the transition period since it was last seen is over", () => {
  const node = new EvictionNode({ ...hardMemory, evictionPressureTransitionPeriod: "1m" });
  node.step({ atSeconds: 0, availableMi: 100, pods });
  node.step({ atSeconds: 59, availableMi: 900, pods });
  assert.deepEqual(node.state.conditions, ["MemoryPressure"]);
  node.step({ atSeconds: 60, availableMi: 900, pods });
  assert.deepEqual(node.state.conditions, []);
});

describe("a short disk", () => {
  const disk = { evictionHard: { "nodefs.available": "10%", "memory.available": "10Mi" } };
  const writer: TestPod = { uid: "writer", rootfs: { usedBytes: 200 * MI } };
  const full = { atSeconds: 0, node: { fs: fs(0, 99) }, pods: [{ uid: "quiet" }, writer] };

  test("is freed by the node first, and nobody is evicted when that is enough", () => {
    const node = new EvictionNode(disk);
    const first = node.step(full);
    assert.deepEqual(first.plan.kind === "reclaim" && first.plan.steps, ["containers", "images"]);
    const { plan } = node.again(first, full, { summary: { node: { fs: fs(1, 101) } } });
    assert.equal(plan.kind === "nothing" && plan.reason, "Reclaimed");
  });

  for (const [about, again] of [
    ["it is not", { summary: { node: { fs: fs(1, 99) } } }],
    ["another signal is short", { summary: { node: { fs: fs(1, 500), memory: memoryOf(9) } } }],
    ["the second measurement fails", {}],
  ] as const) {
    test(`evicts when ${about}, by the usage that was there before`, () => {
      const node = new EvictionNode(disk);
      assert.deepEqual(victimsOf(node.again(node.step(full), full, again)), ["writer"]);
    });
  }

  test("of the node, with images apart, evicts at once and counts logs only", () => {
    const logger: TestPod = { uid: "logger", logs: { usedBytes: 5 * MI } };
    const node = new EvictionNode(disk, {}, "DedicatedImages");
    assert.deepEqual(victimsOf(node.step({ ...full, pods: [writer, logger] })), ["logger"]);
  });
});

function memoryOf(availableMi: number) {
  return { availableBytes: availableMi * MI, workingSetBytes: 100 * MI };
}

describe("several thresholds", () => {
  test("memory goes first", () => {
    const node = new EvictionNode({ evictionHard: { "nodefs.available": "10%", "memory.available": "200Mi" } });
    const { trace } = node.step({ atSeconds: 0, availableMi: 100, node: { fs: fs(0, 50) }, pods });
    assert.deepEqual(trace.picked, { thresholdKey: "memory.available<200Mi", reason: "MemoryFirst" });
  });

  test("a hard one overtakes a soft one", () => {
    const node = new EvictionNode({ ...softMemory, evictionHard: { "memory.available": "150Mi" } });
    node.step({ atSeconds: 0, availableMi: 180, pods });
    const { trace, plan } = node.step({ atSeconds: 40, availableMi: 100, pods });
    assert.deepEqual(trace.picked, { thresholdKey: "memory.available<150Mi", reason: "HardFirst" });
    assert.equal(plan.kind === "evict" && plan.victims[0]?.gracePeriodSeconds, 0);
  });
});

test("the ranking says what put each pod before the next", () => {
  const { trace } = new EvictionNode(hardMemory).step({
    atSeconds: 0,
    availableMi: 100,
    pods: [
      modest,
      { ...big, uid: "z" },
      { ...big, uid: "y" },
      small,
      { ...big, uid: "vip", priority: 10 },
      { uid: "unmeasured", isUnmeasured: true, priority: 100 },
    ],
  });
  assert.deepEqual(
    trace.choice?.ranking.map(({ uid, aheadBy }) => [uid, aheadBy]),
    [
      ["unmeasured", "StatsMissing"],
      ["y", "Uid"],
      ["z", "UsageAboveRequest"],
      ["small", "Priority"],
      ["vip", "ExceedsRequest"],
      ["modest", undefined],
    ],
  );
});

test("process IDs are taken from the lowest priority, then from whoever has most", () => {
  const node = new EvictionNode({ evictionHard: { "pid.available": "1k" } });
  const { trace } = node.step({
    atSeconds: 0,
    node: { rlimit: { maxpid: 4000, curproc: 3500 } },
    pods: [
      { uid: "many", processes: 900, priority: 1 },
      { uid: "some", processes: 20 },
      { uid: "more", processes: 30 },
    ],
  });
  assert.deepEqual(
    trace.choice?.ranking.map(({ uid, aheadBy }) => [uid, aheadBy]),
    [
      ["more", "Usage"],
      ["some", "Priority"],
      ["many", undefined],
    ],
  );
});
