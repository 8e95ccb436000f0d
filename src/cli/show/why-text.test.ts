import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode, inputOf, type Measured, type TestPod } from "../../../test/support/eviction-node.ts";
import { explainEviction, explainPod } from "../../core/eviction/index.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { recordRows, recordText, whyNodeText, whyPodText } from "./why-text.ts";

const pods: readonly TestPod[] = [
  { uid: "a", usedMi: 300, requestMi: 100 },
  { uid: "b", usedMi: 200, requestMi: 50 },
];
const names = { a: "default/first", b: "default/second" };
const thresholds = { "memory.available": "200Mi", "pid.available": "100" };
const node = new EvictionNode({ evictionHard: thresholds });
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

function recordOf(measured: Measured, more: Partial<EvictionRecord> = {}): EvictionRecord {
  const { plan, trace } = new EvictionNode({ evictionHard: thresholds }).step(measured);
  const [victim] = plan.kind === "evict" ? plan.victims : [];
  assert.ok(victim);
  const named = { ...victim, namespace: "default", name: "first", message: "The node was low. " };
  return { id: "1-0", atMs: 0, cause: "Threshold", victim: named, trace, lastLogLines: {}, dryRun: false, ...more };
}

const lowMemory = { thresholdKey: "memory.available<200Mi", lastLogLines: { main: "bye\n" } };

test("a record in full: what for, the ranking of then, the last words", () => {
  const record = recordOf({ atSeconds: 20, availableMi: 100, pods }, lowMemory);
  assert.equal(
    recordText(record, names),
    `1-0  1970-01-01T00:00:00.000Z  default/first evicted for memory.available<200Mi
  The node was low.
  at that time: uses 300Mi, requests 100Mi, priority 0
RANK   POD              USAGE   REQUEST   PRIORITY   BEFORE THE NEXT
1      default/first    300Mi   100Mi     0          it uses more above its request
2      default/second   200Mi   50Mi      0
Last words of main:
  bye
`,
  );
});

test("a record for process IDs counts processes", () => {
  const node = { rlimit: { maxpid: 1000, curproc: 950 } };
  const many = pods.map((pod, index) => ({ ...pod, processes: 70 - index }));
  const record = recordOf({ atSeconds: 0, node, pods: many }, { thresholdKey: "pid.available<100" });
  assert.equal(
    recordText(record, names),
    `1-0  1970-01-01T00:00:00.000Z  default/first evicted for pid.available<100
  The node was low.
  at that time: uses 70, priority 0
RANK   POD              USAGE   REQUEST   PRIORITY   BEFORE THE NEXT
1      default/first    70      -         0          it uses more
2      default/second   69      -         0
`,
  );
});

test("a pod that was evicted before: the last time with its neighbours, the others in short", () => {
  const uids = ["a", "b", "c", "d", "e"];
  const crowd = uids.map((uid, index) => ({ uid, usedMi: 300 - index, requestMi: 1 }));
  const last = recordOf({ atSeconds: 0, availableMi: 100, pods: crowd }, { ...lowMemory, id: "2-0" });
  assert.equal(
    whyPodText({
      pod: { uid: "a", namespace: "default", name: "first" },
      places: [],
      records: [recordOf({ atSeconds: 0, availableMi: 100, pods }, lowMemory), last],
      pods: names,
    }),
    `default/first
It has nothing running, so nothing would be evicted of it.
Evicted before:
1-0  1970-01-01T00:00:00.000Z  default/first evicted for memory.available<200Mi
  The node was low.
2-0  1970-01-01T00:00:00.000Z  default/first evicted for memory.available<200Mi
  The node was low.
  at that time: uses 300Mi, requests 1Mi, priority 0
RANK   POD              USAGE   REQUEST   PRIORITY   BEFORE THE NEXT
1      default/first    300Mi   1Mi       0          it uses more above its request
2      default/second   299Mi   1Mi       0          it uses more above its request
3      c                298Mi   1Mi       0          it uses more above its request
Last words of main:
  bye
`,
  );
});

test("records as a table: what for, and how long it took", () => {
  const record = recordOf({ atSeconds: 0, availableMi: 100, pods }, { ...lowMemory, goneAtMs: 40 });
  const { thresholdKey: _, ...own } = record;
  assert.deepEqual(recordRows([record, { ...own, cause: "LocalStorage", dryRun: true }]), [
    ["ID", "TIME", "POD", "FOR", "GONE AFTER"],
    ["1-0", "1970-01-01T00:00:00.000Z", "default/first", "memory.available<200Mi", "40 ms"],
    ["1-0", "1970-01-01T00:00:00.000Z", "default/first", "its own storage limit", "dry run"],
  ]);
});
