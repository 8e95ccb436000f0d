import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode, inputOf, type Measured } from "../../../../test/support/eviction-node.ts";
import { maskNames, type RecordedRound, recordScenario } from "./record-scenario.ts";
import { replayScenario } from "./replay.ts";

const fields = { evictionHard: { "memory.available": "200Mi" }, enforceNodeAllocatable: [] };
const pods = [
  { uid: "web", usedMi: 300, requestMi: 100 },
  { uid: "db", usedMi: 400, requestMi: 50, priority: 9 },
];
const measured: readonly Measured[] = [
  { atSeconds: 0, availableMi: 500, pods },
  { atSeconds: 10, availableMi: 150, pods },
  { atSeconds: 20.5, availableMi: 600, pods: pods.slice(1) },
];

function rounds(): readonly RecordedRound[] {
  const node = new EvictionNode(fields);
  return measured.map((each) => {
    const { summary, activePods } = inputOf(each);
    const { plan } = node.step(each);
    const kind = plan.kind;
    return {
      nowMs: 5_000 + each.atSeconds * 1000,
      planKind: kind,
      ...(summary !== undefined && { summary }),
      pods: activePods.map(({ pod }) => pod),
    };
  });
}

test("what was recorded is decided again as it was", () => {
  const scenario = recordScenario("node", { kubeletConfiguration: fields, dedicatedImageFs: false }, rounds());
  assert.deepEqual(
    scenario.steps.map(({ at }) => at),
    ["0s", "10s", "20.5s"],
  );
  const replay = replayScenario(scenario);
  assert.ok(!("error" in replay));
  const evicted = replay.steps.map(({ first }) =>
    first.plan.kind === "evict" ? first.plan.victims.map(({ uid }) => uid) : [],
  );
  assert.deepEqual(evicted, [[], ["web"], []]);
});

test("masked names are neutral, the same everywhere, and change nothing that is decided", () => {
  const scenario = maskNames(
    recordScenario("node", { kubeletConfiguration: fields, dedicatedImageFs: false }, rounds()),
  );
  const text = JSON.stringify(scenario);
  assert.ok(!/"(web|db)"/.test(text), text);
  assert.deepEqual(scenario.steps[1]?.activePods, ["uid-1", "uid-2"]);
  assert.equal(scenario.pods[0]?.metadata?.uid, "uid-1");
});

test("the look after a reclaim belongs to the step that asked for it", () => {
  const [first, second, third] = rounds();
  assert.ok(first && second && third);
  const looks: readonly RecordedRound[] = [
    first,
    { ...second, planKind: "reclaim" },
    { ...second, planKind: "evict", ...(third.summary && { summary: third.summary }) },
    third,
  ];
  const { steps } = recordScenario("node", { kubeletConfiguration: fields, dedicatedImageFs: true }, looks);
  assert.equal(steps.length, 3);
  assert.deepEqual(steps[1]?.summaryAfterReclaim, third.summary);
});
