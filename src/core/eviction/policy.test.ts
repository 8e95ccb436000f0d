import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EvictionNode, fs, MI, type TestPod, victimsOf } from "../../../test/support/eviction-node.ts";

const hardMemory = { evictionHard: { "memory.available": "200Mi" } };
const soft = {
  evictionSoft: { "memory.available": "400Mi" },
  evictionSoftGracePeriod: { "memory.available": "0s" },
};

function usersOf(...usedMi: readonly number[]): readonly TestPod[] {
  return usedMi.map((used, index) => ({ uid: `p${index}`, usedMi: used }));
}

describe("evictionPace AsNeeded", () => {
  const asNeeded = { evictionPace: "AsNeeded" } as const;

  for (const [about, availableMi, usedMi, victims] of [
    ["one where one is enough", 150, [60, 50, 40], ["p0"]],
    ["as many as cover the shortfall", 60, [60, 50, 40], ["p0", "p1", "p2"]],
    ["none beyond that", 100, [60, 50, 40], ["p0", "p1"]],
    ["all there are", 0, [60, 50, 40], ["p0", "p1", "p2"]],
  ] as const) {
    test(`evicts ${about}`, () => {
      const decision = new EvictionNode(hardMemory, asNeeded).step({
        atSeconds: 0,
        availableMi,
        pods: usersOf(...usedMi),
      });
      assert.deepEqual(victimsOf(decision), victims);
    });
  }

  test("counts the minimum reclaim in", () => {
    const node = new EvictionNode({ ...hardMemory, evictionMinimumReclaim: { "memory.available": "50Mi" } }, asNeeded);
    const decision = node.step({ atSeconds: 0, availableMi: 150, pods: usersOf(60, 50, 40) });
    assert.deepEqual(victimsOf(decision), ["p0", "p1"]);
    assert.deepEqual([decision.trace.choice?.shortfall, decision.trace.choice?.freedByVictims], [100 * MI, 110 * MI]);
  });

  test("stops at a pod whose usage nobody knows, and passes over those that free nothing", () => {
    const unmeasured = { uid: "unmeasured", isUnmeasured: true };
    const blind = new EvictionNode(hardMemory, asNeeded);
    assert.deepEqual(victimsOf(blind.step({ atSeconds: 0, availableMi: 0, pods: [unmeasured, ...usersOf(10, 20)] })), [
      "unmeasured",
    ]);
    const idle = { uid: "idle", usedMi: 0, priority: -1 };
    const node = new EvictionNode({ evictionHard: { "pid.available": "1k" } }, asNeeded);
    const pids = { node: { rlimit: { maxpid: 1000, curproc: 300 } } };
    const processes = [
      { ...idle, processes: 10 },
      { ...idle, uid: "none" },
      { uid: "many", processes: 300 },
    ];
    assert.deepEqual(victimsOf(node.step({ atSeconds: 0, ...pids, pods: processes })), ["idle", "many"]);
  });

  test("goes by what is there after the reclaim", () => {
    const node = new EvictionNode({ evictionHard: { "nodefs.available": "500Mi" } }, asNeeded);
    const writers = [400, 300, 200].map((mi, i) => ({ uid: `w${i}`, rootfs: { usedBytes: mi * MI } }));
    const measured = { atSeconds: 0, node: { fs: fs(0, 0) }, pods: writers };
    const first = node.step(measured);
    const pods = writers.map(({ uid, rootfs }) => ({
      podRef: { uid, name: uid, namespace: "default" },
      containers: [{ name: "main", rootfs }],
    }));
    assert.deepEqual(victimsOf(node.again(first, measured, { summary: { node: { fs: fs(1, 200) }, pods } })), ["w0"]);
  });

  test("evicts nobody after a reclaim before it is measured what that freed", () => {
    const node = new EvictionNode({ evictionHard: { "nodefs.available": "500Mi" } }, asNeeded);
    const measured = { atSeconds: 0, node: { fs: fs(0, 0) }, pods: [{ uid: "w", rootfs: { usedBytes: 400 * MI } }] };
    const { plan, trace } = node.again(node.step(measured), measured, {});
    assert.equal(plan.kind === "nothing" && plan.reason, "NoStatistics");
    assert.deepEqual(trace.reclaim, { succeeded: false, wasMeasured: false, unresolvedKeys: [] });
  });
});

describe("the grace of a soft eviction", () => {
  const slow = [{ uid: "slow", usedMi: 100, graceSeconds: 60 }];

  for (const [policy, maxSeconds, grace] of [
    ["Reference", 90, 90],
    ["Reference", -1, -1],
    ["AsDocumented", 90, 60],
    ["AsDocumented", 20, 20],
    ["AsDocumented", -1, 60],
  ] as const) {
    test(`${policy}, at most ${maxSeconds} s: ${grace} s`, () => {
      const fields = {
        evictionHard: {},
        evictionSoft: { "memory.available": "400Mi" },
        evictionSoftGracePeriod: { "memory.available": "1ms" },
        evictionMaxPodGracePeriod: maxSeconds,
      };
      const node = new EvictionNode(fields, { softGracePeriod: policy });
      node.step({ atSeconds: 0, availableMi: 10, pods: slow });
      const { plan } = node.step({ atSeconds: 1, availableMi: 10, pods: slow });
      assert.equal(plan.kind === "evict" && plan.victims[0]?.gracePeriodSeconds, grace);
    });
  }
});

describe("overtakeTerminating", () => {
  const overtake = { overtakeTerminating: true };
  const pods = usersOf(100, 80, 60);
  const START_MS = Date.UTC(2024, 0, 1);
  const ending = (uid: string, graceSeconds: number) => ({ uid, sinceMs: START_MS, graceSeconds });

  test("a hard threshold ends the grace of a pod on its way out before it turns to another", () => {
    const node = new EvictionNode(hardMemory, overtake);
    const measured = { atSeconds: 1, availableMi: 150, pods };
    const { plan } = node.step(measured, { inProgress: [ending("p2", 600)] });
    const [victim, ...others] = plan.kind === "evict" ? plan.victims : [];
    assert.deepEqual([victim?.uid, victim?.isForced, victim?.gracePeriodSeconds, others], ["p2", true, 0, []]);
  });

  test("a soft one waits for it", () => {
    const node = new EvictionNode(
      { evictionHard: {}, ...soft, evictionSoftGracePeriod: { "memory.available": "1ms" } },
      overtake,
    );
    const measured = { availableMi: 350, pods };
    node.step({ atSeconds: 0, ...measured }, { inProgress: [ending("p2", 600)] });
    const { plan } = node.step({ atSeconds: 1, ...measured }, { inProgress: [ending("p2", 600)] });
    assert.equal(plan.kind === "nothing" && plan.reason, "EndingPodsSuffice");
  });

  test("one that is killed already counts as freed, until it should long have been gone", () => {
    const node = new EvictionNode(hardMemory, overtake);
    const killed = { inProgress: [ending("p0", 0)] };
    const waiting = node.step({ atSeconds: 29, availableMi: 100, pods }, killed);
    assert.equal(waiting.plan.kind === "nothing" && waiting.plan.reason, "EndingPodsSuffice");
    const short = node.step({ atSeconds: 29.5, availableMi: 90, pods }, killed);
    assert.deepEqual([victimsOf(short), short.trace.choice?.freedByEnding], [["p1"], 100 * MI]);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 30, availableMi: 100, pods }, killed)), ["p1"]);
  });

  test("as the kubelet does, nothing of it counts unless asked for", () => {
    const node = new EvictionNode(hardMemory);
    assert.deepEqual(
      victimsOf(node.step({ atSeconds: 1, availableMi: 150, pods }, { inProgress: [ending("p2", 600)] })),
      ["p0"],
    );
  });
});

describe("memoryAvailability", () => {
  const pods = usersOf(100);
  const memory = { memAvailableBytes: 500 * MI };

  for (const [memoryAvailability, workingSetMi, victims] of [
    ["WorkingSet", 100, ["p0"]],
    ["MemAvailable", 100, []],
    ["Guarded", 100, []],
    ["Guarded", 900, []],
  ] as const) {
    test(`${memoryAvailability}: a page cache in use ${victims.length > 0 ? "evicts" : "evicts nobody"}`, () => {
      const node = new EvictionNode(hardMemory, { memoryAvailability });
      const decision = node.step({ atSeconds: 0, availableMi: workingSetMi, pods }, { memory });
      assert.deepEqual(victimsOf(decision), victims);
      const { workingSetBytes, memAvailableBytes, guardedBytes } = decision.trace.memory ?? {};
      const guardedMi = Math.max(workingSetMi, 500);
      assert.deepEqual(
        [workingSetBytes, memAvailableBytes, guardedBytes],
        [workingSetMi, 500, guardedMi].map((mi) => mi * MI),
      );
    });
  }

  test("Guarded needs both to be short, MemAvailable itself alone", () => {
    const low = { memory: { memAvailableBytes: 50 * MI } };
    const measured = { atSeconds: 0, availableMi: 300, pods };
    assert.deepEqual(
      victimsOf(new EvictionNode(hardMemory, { memoryAvailability: "Guarded" }).step(measured, low)),
      [],
    );
    const memAvailable = new EvictionNode(hardMemory, { memoryAvailability: "MemAvailable" });
    assert.deepEqual(victimsOf(memAvailable.step(measured, low)), ["p0"]);
  });

  test("falls back to the working set where the kernel's number is missing, and says so", () => {
    const node = new EvictionNode(hardMemory, { memoryAvailability: "MemAvailable" });
    const decision = node.step({ atSeconds: 0, availableMi: 100, pods });
    assert.deepEqual([victimsOf(decision), decision.trace.memory?.isFallback], [["p0"], true]);
  });

  test("free swap counts where asked for", () => {
    const node = new EvictionNode(hardMemory, { swapAware: true });
    const swap = (mi: number) => ({ swap: { swapAvailableBytes: mi * MI } });
    assert.deepEqual(victimsOf(node.step({ atSeconds: 0, availableMi: 150, node: swap(50), pods })), []);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 1, availableMi: 150, node: swap(49), pods })), ["p0"]);
  });
});

describe("psiGuard", () => {
  const pods = usersOf(100, 90);
  const guard = { psiGuard: { fullAvg10Percent: 10, cooldownSeconds: 30 } };
  const stalled = (avg10: number) => {
    const data = { total: 0, avg10, avg60: 0, avg300: 0 };
    return { memory: { psi: { some: data, full: data } } };
  };

  test("needs shortage and stall together", () => {
    const node = new EvictionNode(hardMemory, guard);
    const calm = node.step({ atSeconds: 0, availableMi: 100, pods }, stalled(9));
    assert.deepEqual([victimsOf(calm), calm.trace.guard, node.state.conditions], [[], "NoStall", ["MemoryPressure"]]);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 1, availableMi: 300, pods }, stalled(90))), []);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 2, availableMi: 100, pods }, stalled(10))), ["p0"]);
  });

  test("cools down after an eviction for memory", () => {
    const node = new EvictionNode(hardMemory, guard);
    node.step({ atSeconds: 0, availableMi: 100, pods }, stalled(50));
    const soon = node.step({ atSeconds: 29, availableMi: 100, pods }, stalled(50));
    assert.deepEqual([victimsOf(soon), soon.trace.guard], [[], "Cooldown"]);
    assert.deepEqual(victimsOf(node.step({ atSeconds: 30, availableMi: 100, pods }, stalled(50))), ["p0"]);
  });

  test("does not switch eviction off where stalls are not told", () => {
    assert.deepEqual(victimsOf(new EvictionNode(hardMemory, guard).step({ atSeconds: 0, availableMi: 100, pods })), [
      "p0",
    ]);
  });

  test("holds back memory alone", () => {
    const node = new EvictionNode({ evictionHard: { "memory.available": "200Mi", "pid.available": "100" } }, guard);
    const measured = { atSeconds: 0, availableMi: 100, node: { rlimit: { maxpid: 200, curproc: 150 } }, pods };
    assert.equal(node.step(measured, stalled(0)).trace.picked?.thresholdKey, "pid.available<100");
  });
});

describe("a reclaim that was enough for its own signal", () => {
  const disk = { evictionHard: { "nodefs.available": "10%", "memory.available": "10Mi" } };
  const full = { atSeconds: 0, node: { fs: fs(0, 99) }, pods: [{ uid: "writer" }] };
  const memory = { availableBytes: 9 * MI, workingSetBytes: 991 * MI };
  const again = { summary: { node: { fs: fs(1, 500), memory } } };

  test("evicts nobody for it, whatever else is short", () => {
    const node = new EvictionNode(disk, { evictionPace: "AsNeeded" });
    const { plan, trace } = node.again(node.step(full), full, again);
    assert.equal(plan.kind === "nothing" && plan.reason, "Reclaimed");
    assert.deepEqual(trace.reclaim?.unresolvedKeys, ["memory.available<10Mi"]);
  });
});

describe("reclaimBeforeKill", () => {
  const policy = { reclaimBeforeKill: true };
  const over = { uid: "over", usedMi: 300, requestMi: 200 };
  const slightly = { uid: "slightly", usedMi: 110, requestMi: 100 };
  const pods = [
    slightly,
    over,
    { uid: "within", usedMi: 50, requestMi: 100 },
    { ...over, uid: "static", isStatic: true },
  ];
  const measured = { atSeconds: 0, availableMi: 95, pods };

  test("asks pods for all that they have over their request, until that covers what is short", () => {
    const { plan } = new EvictionNode(hardMemory, policy).step(measured);
    assert.deepEqual(plan.kind === "reclaimPodMemory" && plan.pods, [
      { uid: "over", bytes: 100 * MI },
      { uid: "slightly", bytes: 10 * MI },
    ]);
    const little = new EvictionNode(hardMemory, policy).step({ ...measured, availableMi: 195 });
    assert.deepEqual(little.plan.kind === "reclaimPodMemory" && little.plan.pods, [{ uid: "over", bytes: 100 * MI }]);
  });

  test("asks for cache that is not in use, too, and counts on no memory that is no cache", () => {
    const hog = { ...over, rssMi: 300, usageMi: 350 };
    const cached = { ...slightly, rssMi: 10, usageMi: 150 };
    const { plan } = new EvictionNode(hardMemory, policy).step({ ...measured, availableMi: 195, pods: [hog, cached] });
    assert.deepEqual(plan.kind === "reclaimPodMemory" && plan.pods, [
      { uid: "over", bytes: 150 * MI },
      { uid: "slightly", bytes: 50 * MI },
    ]);
  });

  test("kills when that was not enough, by what is there then", () => {
    const node = new EvictionNode(hardMemory, policy);
    const pressed = { availableBytes: 150 * MI, workingSetBytes: 850 * MI };
    const stats = { podRef: { uid: "slightly", name: "", namespace: "" }, memory: { workingSetBytes: 400 * MI } };
    const over = { podRef: { uid: "over", name: "", namespace: "" }, memory: { workingSetBytes: 200 * MI } };
    const others = ["within", "static"].map((uid) => ({ podRef: { uid, name: "", namespace: "" } }));
    const summary = { node: { memory: pressed }, pods: [stats, over, ...others] };
    assert.deepEqual(victimsOf(node.again(node.step(measured), measured, { summary })), ["slightly"]);
  });

  test("is content when memory is well, whatever the disk", () => {
    const node = new EvictionNode({ evictionHard: { "memory.available": "200Mi", "nodefs.available": "50%" } }, policy);
    const summary = { node: { memory: { availableBytes: 200 * MI, workingSetBytes: 800 * MI }, fs: fs(0, 1) } };
    const { plan } = node.again(node.step(measured), measured, { summary });
    assert.equal(plan.kind === "nothing" && plan.reason, "Reclaimed");
  });

  test("has nobody to ask where all are within their requests", () => {
    const within = [{ uid: "within", usedMi: 50, requestMi: 100 }];
    assert.deepEqual(victimsOf(new EvictionNode(hardMemory, policy).step({ ...measured, pods: within })), ["within"]);
  });
});

test("dryRun decides and tells, marks all of it, and believes nothing done", () => {
  const node = new EvictionNode(hardMemory, { dryRun: true, psiGuard: { cooldownSeconds: 1000 } });
  for (const atSeconds of [0, 1, 2]) {
    const decision = node.step({ atSeconds, availableMi: 100, pods: usersOf(10) });
    assert.deepEqual([victimsOf(decision), decision.plan.dryRun], [["p0"], true]);
  }
  assert.equal(node.state.lastMemoryEvictionMs, undefined);
});
