import assert from "node:assert/strict";
import { test } from "node:test";
import { concludeImageAging, concludeImageGc, detectImages, imageDiskShortfall, planImageGc } from "./image-gc.ts";

const POLICY = { highThresholdPercent: 85, lowThresholdPercent: 80, minAgeMs: 120_000, maxAgeMs: 3_600_000 };
const HOUR = 3_600_000;
const image = (id: string, pinned = false) => ({ id, sizeBytes: 10, pinned });

test("an image first seen at an unknown time is old enough; one seen just now is not", () => {
  const sighting = { images: [image("old"), image("new")], inUse: new Set<string>(), nowMs: HOUR };
  const seen = detectImages(new Map(), { ...sighting, images: [image("old")] }, null);
  const { plan, records } = planImageGc(POLICY, seen, sighting);
  assert.deepEqual(plan, [image("old")]);
  assert.deepEqual(records.get("new"), { firstDetectedAtMs: HOUR, lastUsedAtMs: null });
});

test("images go least recently used first, never used ones before all; ties are broken by detection, then id", () => {
  const record = (firstDetectedAtMs: number | null, lastUsedAtMs: number | null) => ({
    firstDetectedAtMs,
    lastUsedAtMs,
  });
  const records = new Map([
    ["b", record(2, 50)],
    ["a", record(2, 50)],
    ["c", record(1, 50)],
    ["d", record(0, 20)],
    ["e", record(90, null)],
    ["f", record(null, null)],
  ]);
  const images = ["a", "b", "c", "d", "e", "f"].map((id) => image(id));
  const { plan } = planImageGc(POLICY, records, { images, inUse: new Set(), nowMs: HOUR });
  assert.deepEqual(
    plan.map(({ id }) => id),
    ["f", "e", "d", "c", "a", "b"],
  );
});

test("the plan says of each image why it goes or stays", () => {
  const records = new Map([["later", { firstDetectedAtMs: 0, lastUsedAtMs: HOUR + 1 }]]);
  const images = [image("used"), image("pinned", true), image("later"), image("young")];
  const { trace, plan } = planImageGc(POLICY, records, { images, inUse: new Set(["used"]), nowMs: HOUR });
  assert.deepEqual(plan, []);
  assert.deepEqual(Object.fromEntries(trace.map(({ imageId, verdict }) => [imageId, verdict])), {
    pinned: "Pinned",
    young: "TooYoung",
    used: "InUse",
    later: "UsedSince",
  });
});

test("too old is what was neither used nor first seen within the maximum age", () => {
  const records = new Map([
    ["idle", { firstDetectedAtMs: 0, lastUsedAtMs: HOUR }],
    ["used", { firstDetectedAtMs: 0, lastUsedAtMs: HOUR + 1 }],
    ["unused", { firstDetectedAtMs: HOUR - 1, lastUsedAtMs: null }],
    ["fresh", { firstDetectedAtMs: HOUR + 1, lastUsedAtMs: null }],
  ]);
  const images = [...records.keys()].map((id) => image(id));
  const sighting = { images, inUse: new Set<string>(), nowMs: 2 * HOUR + 1 };
  const ids = (policy: typeof POLICY) => planImageGc(policy, records, sighting, "tooOld").plan.map(({ id }) => id);
  assert.deepEqual(ids(POLICY), ["unused", "idle"]);
  assert.deepEqual(ids({ ...POLICY, maxAgeMs: 0 }), []);
});

test("a filesystem that reports more room than it has counts as empty, one that reports nothing is invalid", () => {
  const enough = imageDiskShortfall(POLICY, { capacityBytes: 10, availableBytes: 12 });
  assert.deepEqual(enough, { kind: "enough", usagePercent: 0 });
  assert.equal(imageDiskShortfall(POLICY, undefined).kind, "invalid");
});

test("figures beyond what a double holds exactly are still rounded as integers", () => {
  const capacityBytes = 2 ** 62;
  const shortfall = imageDiskShortfall(POLICY, { capacityBytes, availableBytes: capacityBytes / 8 });
  assert.equal(shortfall.kind !== "invalid" && shortfall.usagePercent, 88);
});

test("several failures are told as a list, each text once", () => {
  const run = { goal: { kind: "all" }, freedBytes: 3, failures: ["a", "b", "a"] } as const;
  const { error, event } = concludeImageGc(run);
  assert.equal(event, undefined);
  assert.equal(
    error,
    "wanted to free 9223372036854775807 bytes, but freed 3 bytes space with errors in image deletion: [a, b]",
  );
  assert.equal(
    concludeImageAging(POLICY, ["a", "a"]),
    "wanted to free images older than 1h0m0s, encountered errors in image deletion: a",
  );
});
