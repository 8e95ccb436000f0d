import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode, inputOf, type TestPod } from "../../../test/support/eviction-node.ts";
import { explainEviction, explainPod } from "../../core/eviction/index.ts";
import { recordText, whyNodeText, whyPodText } from "./why-text.ts";

const pods: readonly TestPod[] = [
  { uid: "a", usedMi: 300, requestMi: 100 },
  { uid: "b", usedMi: 200, requestMi: 50 },
];
const names = { a: "default/first", b: "default/second" };
const node = new EvictionNode({ evictionHard: { "memory.available": "200Mi", "pid.available": "100" } });
node.step({ atSeconds: 0, availableMi: 450, pods });
const last = { atSeconds: 10, availableMi: 350, pods };
node.step(last);

test("the node: each signal with its distance and trend, and who is next for it in words", () => {
  const explanation = explainEviction(node.config, node.state, inputOf(last));
  assert.equal(
    whyNodeText({ atMs: 0, conditions: [], explanation, pods: names }),
    `Pressure:  none
Memory available, three ways:  350Mi by working set, <unknown> by the kernel (MemAvailable), <unknown> guarded; 350Mi counts

SIGNAL             AVAILABLE   THRESHOLD   DISTANCE    TREND     STATE
memory.available   350Mi       200Mi       150Mi       -10Mi/s   fine, reached in 15s at this rate
pid.available      <unknown>   100         <unknown>   -         not observed

memory.available: default/first would go next, before default/second, because it uses more above its request
pid.available: default/first would go next, before default/second, because they are equal, and its UID comes first
`,
  );
});

test("nothing measured yet is said as such", () => {
  assert.equal(whyNodeText({ atMs: 0, conditions: [], pods: {} }), "The agent has not measured anything yet.\n");
});

test("a pod: its place, its neighbours, what would change it", () => {
  const places = explainPod(node.config, inputOf(last), "b").filter(({ signal }) => signal === "memory.available");
  assert.equal(
    whyPodText({ pod: { uid: "b", namespace: "default", name: "second" }, places, records: [], pods: names }),
    `default/second
memory.available: number 2 of 2; uses 200Mi, requests 50Mi, priority 0
  after default/first: that one uses more above its request
It was never evicted.
`,
  );
});

test("a record in full: what for, the ranking of then, the last words", () => {
  const { plan, trace } = node.step({ atSeconds: 20, availableMi: 100, pods });
  assert.equal(plan.kind, "evict");
  const [victim] = plan.kind === "evict" ? plan.victims : [];
  assert.ok(victim);
  const named = { ...victim, namespace: "default", name: "first", message: "The node was low. " };
  const text = recordText(
    {
      id: "1-0",
      atMs: 0,
      cause: "Threshold",
      thresholdKey: "memory.available<200Mi",
      victim: named,
      trace,
      lastLogLines: { main: "bye\n" },
      dryRun: false,
    },
    names,
  );
  assert.equal(
    text,
    `1-0  1970-01-01T00:00:00.000Z  default/first evicted for memory.available<200Mi
  The node was low.
  memory then: working set <unknown>
RANK   POD              USAGE   REQUEST   PRIORITY   BEFORE THE NEXT
1      default/first    300Mi   100Mi     0          it uses more above its request
2      default/second   200Mi   50Mi      0
Last words of main:
  bye
`,
  );
});
