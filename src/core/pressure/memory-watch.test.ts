import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  availableMemory,
  INITIAL_MEMORY_WATCH,
  type MemoryReading,
  type MemoryWatchConfig,
  type MemoryWatchInput,
  type MemoryWatchPlan,
  type MemoryWatchState,
  stepMemoryWatch,
} from "./memory-watch.ts";

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const config: MemoryWatchConfig = { capacityBytes: 8 * GiB, marksBytes: [100 * MiB], availability: "WorkingSet" };

function reading(usageBytes: number, inactiveFileBytes = 0): MemoryReading {
  return { usageBytes, inactiveFileBytes };
}

/** Feeds readings one after the other; returns the plans. */
function watch(
  steps: readonly (readonly [atMs: number, reading: MemoryReading | undefined])[],
  { alarm = "none", of = config }: { readonly alarm?: MemoryWatchInput["alarm"]; readonly of?: MemoryWatchConfig } = {},
): readonly MemoryWatchPlan[] {
  let state: MemoryWatchState = INITIAL_MEMORY_WATCH;
  return steps.map(([nowMs, each]) => {
    const result = stepMemoryWatch(of, state, { nowMs, reading: each, alarm });
    state = result.state;
    return result.plan;
  });
}

describe("waking", () => {
  it("wakes when a mark is passed, and not before", () => {
    const plans = watch([
      [0, reading(4 * GiB)],
      [100, reading(8 * GiB - 100 * MiB)],
      [200, reading(8 * GiB - 99 * MiB)],
    ]);
    assert.deepEqual(
      plans.map(({ wake }) => wake),
      [undefined, undefined, { cause: "crossed", availableBytes: 99 * MiB, markBytes: 100 * MiB }],
    );
  });

  it("takes inactive page cache for memory that can be had", () => {
    const [plan] = watch([[0, reading(8 * GiB - 10 * MiB, GiB)]]);
    assert.equal(plan?.wake, undefined);
  });

  it("wakes again each second while a mark stays passed, and at once when it is passed anew", () => {
    const short = reading(8 * GiB - 50 * MiB);
    const plans = watch([
      [0, short],
      [500, short],
      [1_000, short],
      [1_100, reading(GiB)],
      [1_200, short],
    ]);
    assert.deepEqual(
      plans.map(({ wake }) => wake?.cause),
      ["crossed", undefined, "still", undefined, "crossed"],
    );
  });

  it("wakes for each of several marks", () => {
    const of = { ...config, marksBytes: [100 * MiB, 500 * MiB] };
    const plans = watch(
      [
        [0, reading(8 * GiB - 400 * MiB)],
        [100, reading(8 * GiB - 90 * MiB)],
      ],
      { of },
    );
    assert.deepEqual(
      plans.map(({ wake }) => wake?.markBytes),
      [500 * MiB, 100 * MiB],
    );
  });

  it("is not woken by a reading that is missing", () => {
    const plans = watch([
      [0, reading(8 * GiB)],
      [2_000, undefined],
    ]);
    assert.equal(plans[1]?.wake, undefined);
  });

  it("measures by MemAvailable where that is asked for and told", () => {
    const of = { ...config, availability: "MemAvailable" } as const;
    assert.equal(availableMemory(of, { ...reading(7 * GiB), memAvailableBytes: 5 * GiB }), 5 * GiB);
    assert.equal(availableMemory(of, reading(7 * GiB)), GiB);
  });
});

describe("the next reading", () => {
  it("is a second away on a node at rest", () => {
    assert.equal(watch([[0, reading(GiB)]])[0]?.nextReadMs, 1_000);
  });

  it("comes before the fastest thinkable growth has covered the distance", () => {
    for (const distance of [2 * GiB, 500 * MiB, 100 * MiB]) {
      const [plan] = watch([[0, reading(8 * GiB - 100 * MiB - distance)]]);
      assert.ok(plan && plan.nextReadMs <= Math.max(20, distance / (2 * MiB)), `${distance} ${plan?.nextReadMs}`);
    }
  });

  it("is bounded below, however near the mark is", () => {
    const near = reading(8 * GiB - 101 * MiB);
    assert.equal(watch([[0, near]])[0]?.nextReadMs, 20);
    assert.equal(watch([[0, near]], { alarm: "usage" })[0]?.nextReadMs, 100);
  });

  it("finds a hog of 400 MB/s without any alarm within 20 ms of the mark", () => {
    let state: MemoryWatchState = INITIAL_MEMORY_WATCH;
    const usageAt = (ms: number) => GiB + ms * 400_000;
    const markAtMs = (7 * GiB - 100 * MiB) / 400_000;
    let [nowMs, readings] = [0, 0];
    for (;;) {
      const result = stepMemoryWatch(config, state, { nowMs, reading: reading(usageAt(nowMs)), alarm: "none" });
      readings += 1;
      state = result.state;
      if (result.plan.wake !== undefined) break;
      nowMs += result.plan.nextReadMs;
    }
    assert.ok(nowMs - markAtMs <= 21, `${nowMs - markAtMs} ms late`);
    assert.ok(readings < 100, `${readings} readings in 18 s`);
  });
});

describe("levels of the kernel's alarm", () => {
  const alarm = "usage" as const;

  it("are where the kubelet sets its one: capacity - mark + inactive_file, with two before it", () => {
    const [plan] = watch([[0, reading(4 * GiB, GiB)]], { alarm });
    const level = 9 * GiB - 100 * MiB;
    const distance = level - 4 * GiB;
    assert.deepEqual(plan?.levels, [level, level - distance / 8, level - distance / 2]);
  });

  it("stay while usage grows by what available memory loses", () => {
    const plans = watch(
      [
        [0, reading(4 * GiB, GiB)],
        [1_000, reading(5 * GiB, GiB)],
        [2_000, reading(7 * GiB, GiB)],
      ],
      { alarm },
    );
    assert.deepEqual(
      plans.slice(1).map(({ levels }) => levels),
      [undefined, undefined],
    );
  });

  it("follow inactive_file down at once, and up at leisure", () => {
    const levelAfter = (steps: Parameters<typeof watch>[0]) => watch(steps, { alarm }).at(-1)?.levels?.[0];
    const start = [0, reading(4 * GiB, GiB)] as const;
    assert.equal(levelAfter([start, [60, reading(4 * GiB, GiB / 2)]]), 8.5 * GiB - 100 * MiB);
    assert.equal(levelAfter([start, [60, reading(5 * GiB, 2 * GiB)]]), undefined);
    assert.equal(levelAfter([start, [300, reading(5 * GiB, 2 * GiB)]]), 10 * GiB - 100 * MiB);
  });

  it("are not listened to for no longer than a burst of 8 GiB/s takes to the mark, 5 ms at least", () => {
    const quietAt = (distance: number) => watch([[0, reading(8 * GiB - 100 * MiB - distance)]], { alarm })[0]?.quietMs;
    assert.deepEqual([quietAt(4 * GiB), quietAt(200 * MiB), quietAt(MiB)], [50, 25, 5]);
  });

  it("are not set by an alarm that knows none", () => {
    assert.equal(watch([[0, reading(GiB)]], { alarm: "stall" })[0]?.levels, undefined);
  });

  it("stay at a mark that is passed, so that going back is heard", () => {
    const [plan] = watch([[0, reading(8 * GiB)]], { alarm });
    assert.deepEqual(plan?.levels, [8 * GiB - 100 * MiB]);
    assert.equal(plan?.nextReadMs, 1_000);
  });

  it("do not make a storm of growing page cache: some settings and some dozens of readings a second", () => {
    let state: MemoryWatchState = INITIAL_MEMORY_WATCH;
    let [nowMs, settings, readings, set] = [0, 0, 0, [] as readonly number[]];
    while (nowMs < 1_000) {
      const cache = nowMs * 2 * MiB;
      const result = stepMemoryWatch(config, state, { nowMs, reading: reading(6 * GiB + cache, cache), alarm });
      state = result.state;
      readings += 1;
      assert.equal(result.plan.wake, undefined);
      if (result.plan.levels !== undefined) {
        settings += 1;
        set = result.plan.levels;
      }
      // The alarm goes off at the next level above, but is not listened to before its quiet time is over.
      const usage = 6 * GiB + cache;
      const offMs = Math.min(...set.filter((level) => level > usage).map((level) => (level - usage) / (2 * MiB)));
      nowMs += Math.max(result.plan.quietMs, Math.min(result.plan.nextReadMs, offMs));
    }
    assert.ok(settings <= 5, `${settings} settings`);
    assert.ok(readings <= 40, `${readings} readings`);
  });
});
