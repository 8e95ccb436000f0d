import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode, inputOf, type Measured, MI } from "../../../../test/support/eviction-node.ts";
import type { Pod } from "../../api/types.ts";
import { evictablePod } from "../evictable-pod.ts";
import type { EvictionFields } from "../eviction-config.ts";
import type { EvictionPlan } from "../plan.ts";
import type { EvictionPolicy } from "../policy.ts";
import type { EvictionInput } from "../step.ts";
import { essentialPod, essentialSummary } from "./essential.ts";
import { maskNames } from "./mask-names.ts";
import { type RecordedRound, recordedRound, recordingNode, recordScenario } from "./record-scenario.ts";
import { finalPlan, replayScenario } from "./replay.ts";
import type { Scenario } from "./scenario.ts";

const fields: EvictionFields = { evictionHard: { "memory.available": "200Mi" }, enforceNodeAllocatable: [] };
const pods = [
  { uid: "web", usedMi: 60, requestMi: 10 },
  { uid: "db", usedMi: 50, requestMi: 10 },
  { uid: "log", usedMi: 40, requestMi: 10 },
];
const calm: Measured = { atSeconds: 0, availableMi: 500, pods };
const short: Measured = { atSeconds: 10.5, availableMi: 120, pods };

interface Look {
  readonly measured: Measured;
  readonly more?: Partial<EvictionInput>;
}

interface Recording {
  readonly plans: readonly EvictionPlan[];
  readonly scenario: Scenario;
}

/** What a node with this policy decides, and what is recorded of it. */
function recorded(policy: Partial<EvictionPolicy>, looks: readonly Look[]): Recording {
  const node = new EvictionNode(fields, policy);
  const seen = looks.map(({ measured, more = {} }) => {
    const { plan } = node.step(measured, more);
    return { plan, round: overTheWire(recordedRound({ ...inputOf(measured), ...more }, plan)) };
  });
  const rounds = seen.map(({ round }) => round);
  return {
    plans: seen.map(({ plan }) => plan),
    scenario: recordScenario("node", recordingNode(fields, node.config), rounds),
  };
}

function overTheWire(round: RecordedRound): RecordedRound {
  return JSON.parse(JSON.stringify(round));
}

function replayed(scenario: Scenario): readonly EvictionPlan[] {
  const replay = replayScenario(scenario);
  assert.ok(!("error" in replay));
  return replay.steps.map(finalPlan);
}

function victims(plans: readonly EvictionPlan[]): readonly (readonly string[])[] {
  return plans.map((plan) => (plan.kind === "evict" ? plan.victims.map(({ uid }) => uid) : []));
}

test("what was recorded is decided again as it was", () => {
  const { scenario, plans } = recorded({}, [{ measured: calm }, { measured: short }]);
  assert.deepEqual(
    scenario.steps.map(({ at }) => at),
    ["0s", "10.5s"],
  );
  assert.deepEqual(victims(plans), [[], ["web"]]);
  assert.deepEqual(replayed(scenario), plans);
});

test("under the policy that the node had: as many as it takes", () => {
  const { scenario, plans } = recorded({ evictionPace: "AsNeeded" }, [{ measured: calm }, { measured: short }]);
  assert.deepEqual(victims(plans), [[], ["web", "db"]]);
  assert.deepEqual(replayed(scenario), plans);
});

test("by the memory that the kernel had", () => {
  const memory = { memAvailableBytes: 300 * MI };
  const { scenario, plans } = recorded({ memoryAvailability: "MemAvailable" }, [
    { measured: calm },
    { measured: short, more: { memory } },
  ]);
  assert.deepEqual(victims(plans), [[], []]);
  assert.deepEqual(replayed(scenario), plans);
});

test("knowing of the pods that were on their way out", () => {
  const sinceMs = inputOf(short).nowMs - 1_000;
  const inProgress = [{ uid: "web", sinceMs, graceSeconds: 0 }];
  const policy = { evictionPace: "AsNeeded", overtakeTerminating: true } as const;
  const { scenario, plans } = recorded(policy, [{ measured: calm }, { measured: short, more: { inProgress } }]);
  assert.deepEqual(scenario.steps[1]?.inProgress, [{ uid: "web", sinceMs: 9_500, graceSeconds: 0 }]);
  assert.notDeepEqual(victims(plans), [[], ["web", "db"]]);
  assert.deepEqual(replayed(scenario), plans);
});

for (const planKind of ["reclaim", "reclaimPodMemory"] as const) {
  test(`the look after ${planKind} belongs to the step that asked for it`, () => {
    const look = recordedRound(inputOf(short), { kind: planKind });
    const memory = { memAvailableBytes: 7 };
    const again = recordedRound({ ...inputOf({ ...short, availableMi: 600 }), memory }, { kind: "nothing" });
    const later = recordedRound(inputOf({ ...calm, atSeconds: 20 }), { kind: "nothing" });
    const node = { kubeletConfiguration: fields, dedicatedImageFs: false };
    const { steps } = recordScenario("node", node, [look, again, later]);
    assert.deepEqual(
      steps.map(({ at }) => at),
      ["0s", "9.5s"],
    );
    assert.deepEqual(steps[0]?.summaryAfterReclaim, again.summary);
    assert.deepEqual(steps[0]?.memoryAfterReclaim, memory);
    const { summary: _, ...failed } = again;
    assert.equal(recordScenario("node", node, [look, failed]).steps[0]?.summaryAfterReclaimError, true);
  });
}

const secretive: Pod = {
  metadata: {
    name: "shop",
    namespace: "acme",
    uid: "u",
    labels: { team: "acme" },
    annotations: { "kubernetes.io/config.mirror": "acme-hash", note: "acme" },
  },
  spec: {
    nodeName: "acme-node",
    priority: 7,
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: "acme-main",
        image: "acme/shop",
        env: [{ name: "KEY", value: "acme" }],
        resources: { requests: { memory: "1Mi" }, limits: { "ephemeral-storage": "2Mi" } },
      },
    ],
    initContainers: [{ name: "acme-side", restartPolicy: "Always", resources: { requests: { memory: "3Mi" } } }],
    volumes: [
      { name: "acme-cm", configMap: { name: "acme" } },
      { name: "acme-host", hostPath: { path: "/srv/acme" } },
      { name: "acme-git", gitRepo: { repository: "https://acme" } },
      { name: "acme-tmp", emptyDir: { sizeLimit: "4Mi" } },
      { name: "acme-secret", secret: { secretName: "acme" } },
    ],
  },
};

test("of a pod stays what decides about it, and nothing else", () => {
  const essential = essentialPod(secretive);
  const { pod: _, ...before } = evictablePod(secretive);
  const { pod: __, ...after } = evictablePod(essential);
  assert.deepEqual(after, before);
  assert.doesNotMatch(JSON.stringify(essential), /"acme\/shop"|KEY|team|note|acme-hash|acme-node|srv|https|secretName/);
});

test("masked, no name is left, in pods, volumes and statistics", () => {
  const summary = essentialSummary({
    node: { nodeName: "acme-node", network: { interfaces: [{ name: "acme0" }] } },
    pods: [
      {
        podRef: { name: "shop", namespace: "acme", uid: "u" },
        containers: [{ name: "acme-main" }],
        network: { interfaces: [{ name: "acme0" }] },
        volume: [{ name: "acme-tmp", usedBytes: 1, pvcRef: { name: "acme", namespace: "acme" } }],
      },
    ],
  });
  const node = { kubeletConfiguration: fields, dedicatedImageFs: false };
  const round = { nowMs: 0, planKind: "nothing", summary, pods: [essentialPod(secretive)] } as const;
  const masked = maskNames(recordScenario("node", node, [round]));
  assert.doesNotMatch(JSON.stringify(masked), /acme|shop/);
  const [pod] = masked.pods;
  assert.equal(masked.steps[0]?.summary?.pods?.[0]?.podRef.uid, pod?.metadata?.uid);
  assert.equal(masked.steps[0]?.summary?.pods?.[0]?.volume?.[0]?.name, pod?.spec?.volumes?.[3]?.name);
});

test("masked, the UIDs decide between equal pods as they did, however many there are", () => {
  const equal = Array.from({ length: 12 }, (_, index) => ({ uid: `pod-${"zyxwvutsrqpo"[index]}`, usedMi: 50 }));
  const { scenario, plans } = recorded({}, [{ measured: calm }, { measured: { ...short, pods: equal } }]);
  assert.deepEqual(victims(plans), [[], ["pod-o"]]);
  assert.deepEqual(victims(replayed(maskNames(scenario))), [[], ["uid-03"]]);
});
