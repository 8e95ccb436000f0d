import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import {
  couldHaveRunningContainers,
  forgetFinishedPod,
  isTerminationRequested,
  shouldContainersBeTerminating,
  shouldContentBeRemoved,
  shouldRuntimeBeRemoved,
  syncKnownPods,
} from "./queries.ts";
import { NO_POD_WORKERS, type PodWorkersState } from "./state.ts";
import { stepPodWorkers } from "./step.ts";

const pod: Pod = { metadata: { uid: "a", name: "a", namespace: "d" }, spec: { containers: [] } };

function answers(state: PodWorkersState): string {
  const flags: readonly [string, boolean][] = [
    ["mayRun", couldHaveRunningContainers(state, "a")],
    ["endAsked", isTerminationRequested(state, "a")],
    ["ending", shouldContainersBeTerminating(state, "a")],
    ["dropRuntime", shouldRuntimeBeRemoved(state, "a")],
    ["dropContent", shouldContentBeRemoved(state, "a")],
  ];
  return flags.flatMap(([name, is]) => (is ? [name] : [])).join(" ");
}

const done = { kind: "workEnded", uid: "a", result: { kind: "done" }, nowMs: 3 } as const;
const created = stepPodWorkers(NO_POD_WORKERS, { kind: "update", pod, updateType: "create", nowMs: 1 }).state;
const killed = stepPodWorkers(created, { kind: "kill", pod, nowMs: 2 }).state;

test("a pod without a worker may run until all pods are known, and is gone afterwards", () => {
  assert.equal(answers(NO_POD_WORKERS), "mayRun");
  assert.equal(answers(syncKnownPods(NO_POD_WORKERS, new Set()).state), "ending dropRuntime dropContent");
});

test("nothing of a pod goes before its containers have ended", () => {
  assert.equal(answers(created), "mayRun");
  assert.equal(answers(killed), "mayRun endAsked");
  const terminating = stepPodWorkers(killed, done).state;
  assert.equal(answers(terminating), "mayRun endAsked ending");
  assert.equal(answers(stepPodWorkers(terminating, done).state), "endAsked ending dropRuntime");
});

test("content of an evicted pod goes at once, that of a deleted one when it has ended", () => {
  const evicted = stepPodWorkers(created, { kind: "kill", pod, evict: true, nowMs: 2 }).state;
  assert.equal(answers(evicted), "mayRun endAsked dropContent");
  const gone = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2023-11-07T10:00:00Z" } };
  const deleted = stepPodWorkers(created, { kind: "update", pod: gone, updateType: "update", nowMs: 2 }).state;
  assert.equal(answers(deleted), "mayRun endAsked");
  const ended = [done, done].reduce((state, event) => stepPodWorkers(state, event).state, deleted);
  assert.equal(answers(ended), "endAsked ending dropRuntime dropContent");
});

test("content of a pod that an agent before this one evicted goes as soon as its end is seen", () => {
  const found = { ...done, result: { kind: "done", terminalPhase: true, evicted: true } } as const;
  assert.equal(answers(stepPodWorkers(created, found).state), "mayRun endAsked ending dropContent");
});

test("unwanted pods that nobody ends are reported, finished ones forgotten", () => {
  const { orphans } = syncKnownPods(created, new Set());
  assert.deepEqual(
    orphans.map(({ uid }) => uid),
    ["a"],
  );
  assert.deepEqual(syncKnownPods(created, new Set(["a"])).orphans, []);
  assert.deepEqual(syncKnownPods(killed, new Set()).orphans, []);
  const finished = [done, done, done].reduce((state, event) => stepPodWorkers(state, event).state, killed);
  assert.equal(finished.workers["a"]?.phase, "finished");
  assert.ok("a" in syncKnownPods(finished, new Set(["a"])).state.workers);
  assert.deepEqual(syncKnownPods(finished, new Set()).state.workers, {});
  assert.deepEqual(forgetFinishedPod(finished, "a").workers, {});
  assert.equal(forgetFinishedPod(killed, "a"), killed);
});
