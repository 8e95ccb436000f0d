import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode, fs, inputOf, type Measured, type TestPod } from "../../../test/support/eviction-node.ts";
import type { EvictionPolicy } from "./policy.ts";
import type { EvictionDecision } from "./step.ts";

const SEEDS = 150;
const STEPS = 40;

const FIELDS = {
  evictionHard: {
    "memory.available": "150Mi",
    "nodefs.available": "15%",
    "pid.available": "50",
    "imagefs.inodesFree": "5%",
  },
  evictionSoft: { "memory.available": "30%", "nodefs.inodesFree": "20%" },
  evictionSoftGracePeriod: { "memory.available": "15s", "nodefs.inodesFree": "20s" },
  evictionMinimumReclaim: { "memory.available": "50Mi" },
  evictionPressureTransitionPeriod: "30s",
};

type Numbers = (limit: number) => number;

/** A small generator of whole numbers below `limit`, from a seed alone. */
function numbers(seed: number): Numbers {
  let value = seed + 1;
  return (limit) => {
    value = (value * 48_271) % 2_147_483_647;
    return value % limit;
  };
}

function randomPolicy(next: Numbers): Partial<EvictionPolicy> {
  return {
    evictionPace: next(2) === 0 ? "Reference" : "AsNeeded",
    softGracePeriod: next(2) === 0 ? "Reference" : "AsDocumented",
    overtakeTerminating: next(2) === 0,
    reclaimBeforeKill: next(3) === 0,
    dryRun: next(8) === 0,
    ...(next(3) === 0 && { psiGuard: { someAvg10Percent: 10, cooldownSeconds: 20 } }),
  };
}

function randomPods(next: Numbers): readonly TestPod[] {
  return Array.from({ length: next(8) }, (_, index) => ({
    uid: `p${index}`,
    usedMi: next(300),
    ...(next(2) === 0 && { requestMi: next(300) }),
    priority: next(3),
    processes: next(60),
    rootfs: { usedBytes: next(1000), inodesUsed: next(100) },
    isStatic: next(5) === 0,
    isUnmeasured: next(9) === 0,
  }));
}

function randomMeasured(next: Numbers, atSeconds: number): Measured {
  return {
    atSeconds,
    ...(next(6) > 0 && { availableMi: next(500) }),
    node: {
      ...(next(4) > 0 && { fs: fs(atSeconds, next(600), next(1000)) }),
      ...(next(4) > 0 && { rlimit: { maxpid: 300, curproc: next(300) } }),
    },
    pods: randomPods(next),
    ...(next(7) === 0 && { time: next(2) === 0 ? "" : "2024-01-01T00:00:00.000Z" }),
  };
}

/** What holds for every decision, whatever the policy. */
function check(
  node: EvictionNode,
  measured: Measured,
  decision: EvictionDecision,
  allowedKeys: ReadonlySet<string>,
): void {
  const { plan, state } = decision;
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state, "the state is plain JSON");
  assert.equal(plan.dryRun, node.config.policy.dryRun);
  if (plan.kind === "nothing") return;
  assert.ok(plan.kind !== "evict" || plan.cause === "LocalStorage" || plan.thresholdKey !== undefined);
  if ("thresholdKey" in plan && plan.thresholdKey !== undefined) {
    assert.ok(allowedKeys.has(plan.thresholdKey), `${plan.thresholdKey} is met, for long enough and by new statistics`);
  }
  if (plan.kind !== "evict") return;
  const pods = measured.pods ?? [];
  const active = new Map(pods.map((pod) => [pod.uid, pod]));
  const uids = plan.victims.map(({ uid }) => uid);
  assert.ok(uids.length > 0 && new Set(uids).size === uids.length, "each victim once");
  assert.ok(
    uids.every((uid) => active.has(uid)),
    "victims are active pods",
  );
  assert.ok(
    uids.every((uid) => active.get(uid)?.isStatic !== true),
    "critical pods are never evicted",
  );
  if (node.config.policy.evictionPace === "Reference") assert.equal(uids.length, 1);
  else assertNoMoreThanNeeded(decision, uids);
}

/** Without its last victim the shortfall would not be covered. */
function assertNoMoreThanNeeded({ trace }: EvictionDecision, uids: readonly string[]): void {
  const { ranking = [], shortfall = 0, freedByEnding = 0 } = trace.choice ?? {};
  const usage = new Map(ranking.map((pod) => [pod.uid, pod.usage]));
  const before = uids.slice(0, -1).reduce((sum, uid) => sum + (usage.get(uid) ?? 0), 0);
  assert.ok(uids.length === 1 || before + freedByEnding < shortfall, "never more than the arithmetic asks for");
}

test("whatever is measured, only what the thresholds allow is evicted", () => {
  let evictions = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const next = numbers(seed);
    const node = new EvictionNode(FIELDS, randomPolicy(next), next(2) === 0 ? "Shared" : "DedicatedImages");
    let atSeconds = 0;
    for (let step = 0; step < STEPS; step += 1) {
      atSeconds += 1 + next(15);
      const measured = randomMeasured(next, atSeconds);
      const stall = { total: 0, avg10: next(30), avg60: 0, avg300: 0 };
      const inProgress = (measured.pods ?? [])
        .filter(() => next(5) === 0)
        .map(({ uid }) => ({ uid, sinceMs: inputOf(measured).nowMs - next(60_000), graceSeconds: next(40) }));
      const first = node.step(measured, { memory: { psi: { some: stall, full: stall } }, inProgress });
      const driving = first.trace.thresholds.filter(({ drives }) => drives);
      const allowedKeys = new Set(driving.map(({ threshold }) => threshold.key));
      check(node, measured, first, allowedKeys);
      if (first.plan.kind === "evict") evictions += 1;
      if (first.plan.kind !== "reclaim" && first.plan.kind !== "reclaimPodMemory") continue;
      const { summary } = inputOf(randomMeasured(next, atSeconds + 1));
      const second = node.again(first, measured, next(5) === 0 || summary === undefined ? {} : { summary });
      check(node, measured, second, allowedKeys);
      if (second.plan.kind === "evict") evictions += 1;
    }
  }
  assert.ok(evictions > SEEDS, "the test evicts at all");
});

test("the order of the pods does not matter to the ranking", () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const next = numbers(seed);
    const pods = randomPods(next);
    const order = (list: readonly TestPod[]) =>
      new EvictionNode(FIELDS).step({ atSeconds: 0, availableMi: 10, pods: list }).trace.choice?.ranking;
    assert.deepEqual(order(pods), order(pods.toReversed()));
  }
});
