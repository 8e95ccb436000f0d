import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import type { PodWorkerEvent, WorkResult } from "./events.ts";
import { NO_POD_WORKERS, type PodWork, type PodWorkersState } from "./state.ts";
import { stepPodWorkers } from "./step.ts";

const UIDS = ["a", "b", "c"];
const SEEDS = 300;
const STEPS = 120;

/** All pods are static and share one name: each replaces the others. */
function pod(uid: string): Pod {
  return {
    metadata: { uid, name: "same", namespace: "d", annotations: { "kubernetes.io/config.source": "file" } },
    spec: { containers: [], terminationGracePeriodSeconds: 30 },
  };
}

/** A small generator of whole numbers below `limit`, from a seed alone. */
function numbers(seed: number): (limit: number) => number {
  let value = seed + 1;
  return (limit) => {
    value = (value * 48_271) % 2_147_483_647;
    return value % limit;
  };
}

function randomEvent(next: (limit: number) => number, nowMs: number): PodWorkerEvent {
  const uid = UIDS[next(UIDS.length)] ?? "a";
  const results: readonly WorkResult[] = [
    { kind: "done" },
    { kind: "done", terminalPhase: true },
    { kind: "failed", cause: "error" },
    { kind: "failed", cause: "canceled" },
  ];
  switch (next(8)) {
    case 0:
      return { kind: "update", pod: pod(uid), updateType: "create", nowMs };
    case 1:
      return { kind: "update", pod: pod(uid), updateType: "update", nowMs };
    case 2:
      return { kind: "kill", pod: pod(uid), graceSeconds: next(40), evict: next(2) === 0, nowMs };
    case 3:
      return { kind: "killRuntimePod", uid, name: "same", namespace: "d", nowMs };
    case 4:
      return { kind: "wake", uid, nowMs };
    default:
      return { kind: "workEnded", uid, result: results[next(results.length)] ?? { kind: "done" }, nowMs };
  }
}

/** What the agent would see: the work in flight of each pod, checked at every step. */
class Observer {
  readonly inFlight = new Map<string, PodWork["kind"]>();
  readonly #terminating = new Set<string>();
  state: PodWorkersState = NO_POD_WORKERS;

  step(event: PodWorkerEvent): void {
    if (event.kind === "workEnded") {
      if (!this.inFlight.has(event.uid)) return;
      this.inFlight.delete(event.uid);
    }
    const before = this.state;
    const { state, plan } = stepPodWorkers(before, event);
    this.state = state;
    for (const action of plan) {
      if (action.kind === "finished") this.#terminating.delete(action.uid);
      if (action.kind === "run") this.#run(action.uid, action.work);
    }
    for (const uid of UIDS) this.#checkGrace(before, uid);
  }

  #run(uid: string, work: PodWork): void {
    assert.equal(this.inFlight.get(uid), undefined, `${uid} has one piece of work at a time`);
    if (work.kind === "sync") {
      assert.ok(!this.#terminating.has(uid), `${uid} is not synced while it ends`);
      for (const other of UIDS) {
        const worker = this.state.workers[other];
        const mayRun = other !== uid && worker?.startedAtMs !== undefined && worker.phase !== "finished";
        assert.ok(!mayRun, `${uid} does not run beside ${other}, which it replaces`);
      }
    } else this.#terminating.add(uid);
    this.inFlight.set(uid, work.kind);
  }

  #checkGrace(before: PodWorkersState, uid: string): void {
    const old = before.workers[uid];
    const now = this.state.workers[uid];
    if (old?.graceSeconds === undefined || now === undefined || now.sequence !== old.sequence) return;
    assert.ok((now.graceSeconds ?? Number.POSITIVE_INFINITY) <= old.graceSeconds, `the grace of ${uid} never grows`);
  }
}

test("whatever comes in whatever order: one work at a time, no sync of an ending pod, one pod of a static name", () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const next = numbers(seed);
    const observer = new Observer();
    for (let nowMs = 1; nowMs <= STEPS; nowMs += 1) observer.step(randomEvent(next, nowMs));
  }
});

test("once every pod is killed and all work succeeds, every worker finishes", () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const next = numbers(seed);
    const observer = new Observer();
    let nowMs = 1;
    for (; nowMs <= STEPS; nowMs += 1) observer.step(randomEvent(next, nowMs));
    for (const uid of Object.keys(observer.state.workers)) observer.step({ kind: "kill", pod: pod(uid), nowMs });
    for (let round = 0; round < 6; round += 1) {
      for (const uid of UIDS) observer.step({ kind: "workEnded", uid, result: { kind: "done" }, nowMs });
      for (const uid of UIDS) observer.step({ kind: "wake", uid, nowMs });
    }
    for (const worker of Object.values(observer.state.workers)) assert.equal(worker.phase, "finished", `seed ${seed}`);
  }
});
