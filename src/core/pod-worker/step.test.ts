import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import type { PodWorkerAction, PodWorkerEvent, PodWorkersStep, PodWorkerTrace, WorkResult } from "./events.ts";
import { NO_POD_WORKERS, type PodWorkerState } from "./state.ts";
import { stepPodWorkers } from "./step.ts";

type TimelessEvent = PodWorkerEvent extends infer E ? (E extends unknown ? Omit<E, "nowMs"> : never) : never;

/** Feeds events one millisecond apart and keeps what came of them. */
class Workers {
  #step: PodWorkersStep = { state: NO_POD_WORKERS, plan: [], trace: [] };
  #nowMs = 0;

  send(event: TimelessEvent): readonly PodWorkerAction[] {
    this.#nowMs += 1;
    this.#step = stepPodWorkers(this.#step.state, { ...event, nowMs: this.#nowMs } as PodWorkerEvent);
    return this.#step.plan;
  }

  update(pod: Pod, updateType: "create" | "update" | "sync" = "create"): readonly PodWorkerAction[] {
    return this.send({ kind: "update", pod, updateType });
  }

  ended(uid: string, result: WorkResult = { kind: "done" }): readonly PodWorkerAction[] {
    return this.send({ kind: "workEnded", uid, result });
  }

  /** A pod that has been synced once. */
  synced(pod: Pod): this {
    this.update(pod);
    this.ended(pod.metadata?.uid ?? "");
    return this;
  }

  get trace(): readonly PodWorkerTrace[] {
    return this.#step.trace;
  }

  worker(uid: string): PodWorkerState | undefined {
    return this.#step.state.workers[uid];
  }
}

function pod(uid: string, change: { metadata?: object; spec?: object; status?: Pod["status"] } = {}): Pod {
  return {
    metadata: { uid, name: uid, namespace: "d", ...change.metadata },
    spec: { containers: [], terminationGracePeriodSeconds: 30, ...change.spec },
    ...(change.status === undefined ? {} : { status: change.status }),
  };
}

function staticPod(uid: string): Pod {
  return pod(uid, { metadata: { name: "static", annotations: { "kubernetes.io/config.source": "file" } } });
}

const deleted = (uid: string, deletionGracePeriodSeconds: number) =>
  pod(uid, { metadata: { deletionTimestamp: "2023-11-07T10:00:00Z", deletionGracePeriodSeconds } });

/** Short words for a plan: "run sync a", "cancel a". */
function words(plan: readonly PodWorkerAction[]): string[] {
  return plan.map((action) => {
    if (action.kind === "run") return `run ${action.work.kind} ${action.uid}`;
    return action.kind === "requeue" ? `requeue ${action.after} ${action.uid}` : `${action.kind} ${action.uid}`;
  });
}

function graceOf(plan: readonly PodWorkerAction[]): number | undefined {
  const run = plan.find((action) => action.kind === "run");
  return run?.work.kind === "terminate" ? run.work.graceSeconds : undefined;
}

test("a pod lives, is deleted, ends, and is cleaned up", () => {
  const workers = new Workers();
  assert.deepEqual(words(workers.update(pod("a"))), ["run sync a"]);
  assert.deepEqual(words(workers.ended("a")), ["requeue resync a"]);
  assert.deepEqual(words(workers.send({ kind: "wake", uid: "a" })), ["run sync a"]);
  workers.ended("a");
  const plan = workers.update(deleted("a", 7), "update");
  assert.deepEqual(words(plan), ["run terminate a"]);
  assert.equal(graceOf(plan), 7);
  assert.deepEqual(words(workers.ended("a")), ["terminated a", "run cleanUp a"]);
  assert.deepEqual(words(workers.ended("a")), ["finished a"]);
  assert.deepEqual(words(workers.update(pod("a"), "update")), []);
  assert.deepEqual(workers.trace, [{ uid: "a", what: "ignored", why: "finished" }]);
});

test("a pod has one piece of work at a time, and the newest version of it is next", () => {
  const workers = new Workers();
  workers.update(pod("a"));
  assert.deepEqual(words(workers.update(pod("a", { metadata: { labels: { v: "2" } } }), "update")), []);
  workers.update(pod("a", { metadata: { labels: { v: "3" } } }), "update");
  const [action] = workers.ended("a");
  assert.equal(action?.kind === "run" && action.work.pod.metadata?.labels?.["v"], "3");
});

test("a kill aborts the sync in flight and no container starts after it", () => {
  const workers = new Workers();
  workers.update(pod("a"));
  assert.deepEqual(words(workers.send({ kind: "kill", pod: pod("a") })), ["cancel a"]);
  assert.equal(workers.worker("a")?.startedTerminating, false, "the sync still runs");
  assert.deepEqual(words(workers.ended("a", { kind: "failed", cause: "canceled" })), ["run terminate a"]);
  assert.equal(workers.worker("a")?.startedTerminating, true);
});

test("the grace only ever shrinks, and a shorter one restarts the kill", () => {
  const workers = new Workers().synced(pod("a"));
  assert.equal(graceOf(workers.send({ kind: "kill", pod: pod("a") })), 30);
  assert.deepEqual(words(workers.send({ kind: "kill", pod: pod("a"), graceSeconds: 60 })), []);
  assert.deepEqual(words(workers.send({ kind: "kill", pod: pod("a"), graceSeconds: 5 })), ["cancel a"]);
  assert.deepEqual(workers.trace, [{ uid: "a", what: "graceShortened", fromSeconds: 30, toSeconds: 5 }]);
  const plan = workers.ended("a", { kind: "failed", cause: "canceled" });
  assert.equal(graceOf(plan), 5);
});

test("a kill that asks for no grace at all gets one second, not the pod's own", () => {
  const workers = new Workers().synced(pod("a"));
  assert.equal(graceOf(workers.send({ kind: "kill", pod: pod("a"), graceSeconds: 0 })), 1);
});

test("an eviction marks the content for removal and its words reach every later step", () => {
  const workers = new Workers().synced(pod("a"));
  const status = { phase: "Failed", reason: "Evicted", message: "low on memory" } as const;
  const [kill] = workers.send({ kind: "kill", pod: pod("a"), evict: true, graceSeconds: 1, status });
  assert.deepEqual(kill?.kind === "run" && kill.work.kind === "terminate" && kill.work.status, status);
  assert.equal(workers.worker("a")?.evicted, true);
  const [, cleanUp] = workers.ended("a");
  assert.deepEqual(cleanUp?.kind === "run" && cleanUp.work.kind === "cleanUp" && cleanUp.work.status, status);
});

test("a pod whose containers have all ended is torn down without being asked", () => {
  const workers = new Workers();
  workers.update(pod("a"));
  assert.deepEqual(words(workers.ended("a", { kind: "done", terminalPhase: true })), ["run terminate a"]);
  assert.deepEqual(workers.trace, [{ uid: "a", what: "terminating", cause: "completed", graceSeconds: 30 }]);
});

test("a failed kill is tried again, and an update meanwhile does not wait for the back-off", () => {
  const workers = new Workers().synced(pod("a"));
  workers.send({ kind: "kill", pod: pod("a") });
  assert.deepEqual(words(workers.ended("a", { kind: "failed", cause: "error" })), ["requeue backOff a"]);
  assert.deepEqual(words(workers.send({ kind: "wake", uid: "a" })), ["run terminate a"]);
  workers.ended("a", { kind: "failed", cause: "error" });
  assert.deepEqual(words(workers.update(pod("a"), "update")), ["run terminate a"]);
});

test("without a network the pod is tried again soon", () => {
  const workers = new Workers();
  workers.update(pod("a"));
  const plan = workers.ended("a", { kind: "failed", cause: "networkNotReady" });
  assert.deepEqual(words(plan), ["requeue transientBackOff a"]);
});

test("a pod that had ended before the agent started is only cleaned up", () => {
  const workers = new Workers();
  const over = pod("a", { status: { phase: "Succeeded" } });
  const plan = workers.send({ kind: "update", pod: over, updateType: "create", nothingRuns: true });
  assert.deepEqual(words(plan), ["run cleanUp a"]);
  assert.deepEqual(words(new Workers().update(over)), ["run terminate a"], "something may run");
});

test("containers that no configuration knows are ended once, and then forgotten about", () => {
  const workers = new Workers();
  const orphan = { kind: "killRuntimePod", uid: "a", name: "a", namespace: "d" } as const;
  const plan = workers.send(orphan);
  assert.deepEqual(words(plan), ["run terminate a"]);
  assert.equal(graceOf(plan), 1);
  assert.deepEqual(words(workers.send(orphan)), []);
  assert.deepEqual(words(workers.ended("a")), ["terminated a", "finished a"]);
});

test("containers that no configuration knows get the grace that they were made with", () => {
  const plan = new Workers().send({ kind: "killRuntimePod", uid: "a", name: "a", namespace: "d", graceSeconds: 45 });
  assert.equal(graceOf(plan), 45);
});

test("a pod that comes into the configuration while its stray containers end starts after that", () => {
  const workers = new Workers();
  workers.send({ kind: "killRuntimePod", uid: "a", name: "a", namespace: "d" });
  assert.deepEqual(words(workers.update(pod("a"), "update")), []);
  assert.deepEqual(words(workers.ended("a")), ["terminated a", "finished a", "run sync a"]);
});

test("the same pod asked for again while it ends starts anew when it has ended", () => {
  const workers = new Workers().synced(pod("a"));
  workers.send({ kind: "kill", pod: pod("a") });
  assert.deepEqual(words(workers.update(pod("a"))), []);
  workers.ended("a");
  assert.deepEqual(words(workers.ended("a")), ["finished a", "run sync a"]);
});

test("asked for again and taken back, it stays away", () => {
  const workers = new Workers().synced(pod("a"));
  workers.send({ kind: "kill", pod: pod("a") });
  workers.update(pod("a"));
  workers.send({ kind: "kill", pod: pod("a") });
  workers.ended("a");
  assert.deepEqual(words(workers.ended("a")), ["finished a"]);
});

test("a static pod waits until the one it replaces is gone", () => {
  const workers = new Workers().synced(staticPod("old"));
  assert.deepEqual(words(workers.update(staticPod("new"))), []);
  assert.deepEqual(workers.trace.at(-1), {
    uid: "new",
    what: "waitsForPod",
    ownerUid: "old",
    fullName: "static_d",
  });
  assert.deepEqual(words(workers.send({ kind: "kill", pod: staticPod("old") })), ["run terminate old"]);
  assert.deepEqual(words(workers.ended("old")), ["terminated old", "run cleanUp old"]);
  assert.deepEqual(words(workers.ended("old")), ["finished old", "run sync new"]);
});

test("of several static pods that wait the first one starts, and one that was withdrawn does not", () => {
  const workers = new Workers().synced(staticPod("old"));
  for (const uid of ["b", "a", "c"]) workers.update(staticPod(uid));
  assert.deepEqual(words(workers.send({ kind: "kill", pod: staticPod("b") })), ["run terminate b"]);
  workers.ended("b");
  workers.ended("b");
  workers.send({ kind: "kill", pod: staticPod("old") });
  workers.ended("old");
  assert.deepEqual(words(workers.ended("old")), ["finished old", "run sync a"]);
  assert.equal(workers.worker("c")?.startedAtMs, undefined);
});

test("pods of one name that are not static do not wait for each other", () => {
  const workers = new Workers();
  workers.update(pod("a", { metadata: { name: "same" } }));
  assert.deepEqual(words(workers.update(pod("b", { metadata: { name: "same" } }))), ["run sync b"]);
});
