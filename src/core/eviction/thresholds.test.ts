import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { containerFsThresholds } from "./containerfs-thresholds.ts";
import { parseThresholds, type ThresholdFields, type ThresholdOptions } from "./thresholds.ts";

/** Thresholds as text, or the error. */
function read(fields: ThresholdFields, options?: ThresholdOptions): readonly string[] | string {
  const parsed = parseThresholds({ enforceNodeAllocatable: [], ...fields }, options);
  return "error" in parsed ? parsed.error : parsed.thresholds.map(({ key }) => key);
}

const hard = (text: string): ThresholdFields => ({ evictionHard: { "memory.available": text } });

describe("hard thresholds", () => {
  for (const [text, result] of [
    ["100Mi", ["memory.available<100Mi"]],
    ["1024Mi", ["memory.available<1Gi"]],
    ["1.3Gi", ["memory.available<1395864371200m"]],
    ["33.3%", ["memory.available<33.3%"]],
    ["0x1p-2%", ["memory.available<0.25%"]],
    ["1e-7%", ["memory.available<0.0000001%"]],
    ["NaN%", ["memory.available<NaN%"]],
    ["0%", []],
    ["100%", []],
    ["0%%", ["memory.available<0%"]],
    ["%", 'strconv.ParseFloat: parsing "": invalid syntax'],
    ["1e39%", 'strconv.ParseFloat: parsing "1e39": value out of range'],
    ["-1%", "eviction percentage threshold memory.available must be >= 0%: -1%"],
    ["-Inf%", "eviction percentage threshold memory.available must be >= 0%: -Inf%"],
    ["100.1%", "eviction percentage threshold memory.available must be <= 100%: 100.1%"],
    ["Inf%", "eviction percentage threshold memory.available must be <= 100%: Inf%"],
    ["-100Mi", "eviction threshold memory.available must be positive: -100Mi"],
    ["0", "eviction threshold memory.available must be positive: 0"],
    ["100MM", "unable to parse quantity's suffix"],
  ] as const) {
    test(`"${text}"`, () => {
      assert.deepEqual(read(hard(text)), result);
    });
  }

  test("are the kubelet's where none are written, and only what is written else", () => {
    assert.deepEqual(read({}), [
      "memory.available<100Mi",
      "nodefs.available<10%",
      "nodefs.inodesFree<5%",
      "imagefs.available<15%",
    ]);
    assert.deepEqual(read({ evictionHard: {} }), []);
  });

  test("keep the defaults of other signals with mergeDefaultEvictionSettings", () => {
    const merged = read({ evictionHard: { "nodefs.available": "1Gi" }, mergeDefaultEvictionSettings: true });
    assert.deepEqual(merged, [
      "memory.available<100Mi",
      "nodefs.available<1Gi",
      "nodefs.inodesFree<5%",
      "imagefs.available<15%",
    ]);
  });
});

describe("soft thresholds", () => {
  test("have the grace period of their signal", () => {
    const fields = {
      evictionHard: {},
      evictionSoft: { "memory.available": "1Gi" },
      evictionSoftGracePeriod: { "memory.available": "1.5m", "pid.available": "1s" },
    };
    assert.deepEqual(read(fields), ["memory.available<1Gi for 1m30s"]);
  });

  for (const [about, fields, error] of [
    ["no grace period", {}, "grace period must be specified for the soft eviction threshold memory.available"],
    [
      "a negative one",
      { evictionSoftGracePeriod: { "memory.available": "-1s" } },
      "invalid eviction grace period specified: -1s, must be a positive value",
    ],
    [
      "one of no signal",
      { evictionSoftGracePeriod: { "disk.available": "1s" } },
      "unsupported eviction signal disk.available",
    ],
  ] as const) {
    test(`are refused with ${about}`, () => {
      assert.equal(read({ evictionHard: {}, evictionSoft: { "memory.available": "1Gi" }, ...fields }), error);
    });
  }
});

describe("minimum reclaims", () => {
  for (const [text, result] of [
    ["0", ["memory.available<1Gi +0"]],
    ["200%", ["memory.available<1Gi +200%"]],
    ["0%", "eviction percentage minimum reclaim memory.available must be positive: 0%"],
    ["-1", "negative eviction minimum reclaim specified for memory.available"],
  ] as const) {
    test(`"${text}"`, () => {
      assert.deepEqual(read({ ...hard("1Gi"), evictionMinimumReclaim: { "memory.available": text } }), result);
    });
  }
});

test("the stages decide which of several errors is told: hard, soft, grace, reclaim, missing grace", () => {
  const all: ThresholdFields = {
    evictionHard: { a: "1" },
    evictionSoft: { b: "1" },
    evictionSoftGracePeriod: { c: "1s" },
    evictionMinimumReclaim: { d: "1" },
  };
  assert.equal(read(all), "unsupported eviction signal a");
  assert.equal(read({ ...all, evictionHard: {} }), "unsupported eviction signal b");
  const soft = { evictionHard: {}, evictionSoft: { "pid.available": "1" } };
  assert.equal(read({ ...all, ...soft }), "unsupported eviction signal c");
  assert.equal(read({ ...all, ...soft, evictionSoftGracePeriod: {} }), "unsupported eviction signal d");
});

test("memory thresholds without grace hold for the cgroup of all pods, too", () => {
  const fields: ThresholdFields = {
    ...hard("100Mi"),
    evictionSoft: { "memory.available": "1Gi" },
    evictionSoftGracePeriod: { "memory.available": "0s" },
    evictionMinimumReclaim: { "memory.available": "5%", "allocatableMemory.available": "1Gi" },
    enforceNodeAllocatable: ["pods"],
  };
  assert.deepEqual(read(fields), [
    "memory.available<100Mi +5%",
    "memory.available<1Gi +5%",
    "allocatableMemory.available<100Mi +5%",
    "allocatableMemory.available<1Gi +5%",
  ]);
});

test("equal percentages are one threshold, equal quantities are two", () => {
  const fields = (text: string): ThresholdFields => ({
    ...hard(text),
    evictionSoft: { "memory.available": text },
    evictionSoftGracePeriod: { "memory.available": "0" },
  });
  assert.deepEqual(read(fields("5%")), ["memory.available<5%", "memory.available<5%"]);
  assert.deepEqual(read(fields("1Gi")), ["memory.available<1Gi", "memory.available<1Gi #2"]);
});

describe("containerfs", () => {
  const fields: ThresholdFields = {
    evictionHard: { "nodefs.available": "10%", "imagefs.available": "15%", "containerfs.available": "50%" },
  };

  test("is no signal of 1.26", () => {
    assert.equal(read(fields), "unsupported eviction signal containerfs.available");
  });

  for (const [layout, threshold] of [
    ["Shared", "containerfs.available<10%"],
    ["SplitImages", "containerfs.available<10%"],
    ["DedicatedImages", "containerfs.available<15%"],
    ["Separate", "containerfs.available<50%"],
  ] as const) {
    test(`has the threshold of the filesystem it shares: ${layout}`, () => {
      const parsed = parseThresholds({ enforceNodeAllocatable: [], ...fields }, { knowsContainerFs: true });
      const thresholds = "error" in parsed ? [] : containerFsThresholds(parsed.thresholds, layout);
      const keys = thresholds.map(({ key }) => key).filter((key) => key.startsWith("containerfs"));
      assert.deepEqual(keys, [threshold]);
    });
  }
});
