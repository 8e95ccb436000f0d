import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { Gate } from "../../../test/support/fakes-runtime.ts";
import type { Pod } from "../../core/api/types.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { MANIFEST_ANNOTATION } from "../../core/pod/standalone-pod.ts";
import { RuntimeError } from "../../ports/errors.ts";
import type { PodSyncer, SyncResult } from "./pod-syncer.ts";
import { PodWorkers } from "./pod-workers.ts";

type Call = "sync" | "terminate" | "cleanUp" | "forget";

/** Does nothing at once; a test may let a call wait, fail or tell something. */
class FakeSyncer {
  readonly log: string[] = [];
  readonly #busy = new Map<string, Call>();
  result: SyncResult = { terminal: false };
  during: (call: Call, uid: string) => Promise<void> | undefined = () => undefined;

  sync = async (pod: Pod, signal: AbortSignal): Promise<SyncResult> => {
    await this.#do("sync", pod.metadata?.uid ?? "", signal, "");
    return this.result;
  };

  terminate = (
    uid: string,
    pod: Pod | undefined,
    graceSeconds: number | undefined,
    _evict: SyncResult["evict"],
    signal: AbortSignal,
  ): Promise<void> => this.#do("terminate", uid, signal, ` ${graceSeconds}${pod === undefined ? " of runtime" : ""}`);

  cleanUp = (uid: string): Promise<void> => this.#do("cleanUp", uid, undefined, "");

  forget = (uid: string, pod: Pod): Promise<void> =>
    this.#do("forget", uid, undefined, ` ${pod.metadata?.name ?? "nameless"}`);

  async #do(call: Call, uid: string, signal: AbortSignal | undefined, more: string): Promise<void> {
    const other = this.#busy.get(uid);
    assert.equal(other, undefined, `${call} of ${uid} beside ${other}: two writers`);
    this.#busy.set(uid, call);
    this.log.push(`${call} ${uid}${more}`);
    try {
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(new RuntimeError("Cancelled", call, "context canceled"));
        if (signal?.aborted) abort();
        signal?.addEventListener("abort", abort, { once: true });
        (this.during(call, uid) ?? Promise.resolve()).then(resolve, reject);
      });
    } finally {
      this.#busy.delete(uid);
    }
  }
}

function world() {
  const clock = new FakeClock();
  const syncer = new FakeSyncer();
  const log = new FakeLog();
  const workers = new PodWorkers({ clock, log, syncer: syncer as unknown as PodSyncer }, { resyncMs: 60_000 });
  const take = () => syncer.log.splice(0);
  return { clock, syncer, log, workers, take };
}

function pod(uid: string, name = uid): Pod {
  return {
    metadata: { uid, name, namespace: "default", annotations: { [MANIFEST_ANNOTATION]: "/m/p.yaml" } },
    spec: { containers: [], terminationGracePeriodSeconds: 30 },
  };
}

function waitIn(syncer: FakeSyncer, wanted: Call): Gate {
  const gate = new Gate();
  syncer.during = (call) => (call === wanted ? gate.opened : undefined);
  return gate;
}

test("a pod at rest is synced again after the resync period, or earlier where the sync asks for it", async () => {
  const { clock, syncer, workers, take } = world();
  workers.update(pod("a"));
  await clock.pass(59_999);
  assert.deepEqual(take(), ["sync a"]);
  syncer.result = { terminal: false, retryInMs: 5_000 };
  await clock.pass(1);
  assert.deepEqual(take(), ["sync a"]);
  await clock.pass(10_000);
  assert.deepEqual(take(), ["sync a", "sync a"]);
});

test("what happens during a sync is seen by another one right after it", async () => {
  const { clock, syncer, workers, take } = world();
  const gate = waitIn(syncer, "sync");
  workers.update(pod("a"));
  await settle();
  workers.wake("a");
  workers.wake("a");
  assert.deepEqual(take(), ["sync a"]);
  gate.open();
  await clock.pass(0);
  assert.deepEqual(take(), ["sync a"]);
});

test("failures back off from 1 s to 10 s and a success forgets them; a wake-up does not wait", async () => {
  const { clock, syncer, workers, take } = world();
  let fails = true;
  syncer.during = () => (fails ? Promise.reject(new Error("no")) : undefined);
  workers.update(pod("a"));
  const times: number[] = [];
  const origin = clock.monotonic();
  for (let second = 0; second < 36; second += 1) {
    await clock.pass(1_000);
    for (const _ of take()) times.push((clock.monotonic() - origin) / 1_000);
  }
  assert.deepEqual(times, [1, 1, 3, 7, 15, 25, 35]);
  workers.wake("a");
  await settle();
  assert.deepEqual(take(), ["sync a"]);
  fails = false;
  await clock.pass(10_000);
  take();
  fails = true;
  workers.wake("a");
  await settle();
  take();
  await clock.pass(1_000);
  assert.deepEqual(take(), ["sync a"]);
});

test("a runtime that is away is no warning of each pod", async () => {
  const { clock, syncer, workers, log } = world();
  syncer.during = () => Promise.reject(new RuntimeError("Unavailable", "ListContainers", "connection refused"));
  workers.update(pod("a"));
  await clock.pass(5_000);
  assert.deepEqual(log.lines, []);
});

test("a pod that is removed while it starts: the start is aborted, then it is ended, cleaned up and forgotten", async () => {
  const { syncer, workers, take } = world();
  waitIn(syncer, "sync");
  workers.update(pod("a"));
  await settle();
  workers.remove("a");
  await settle();
  assert.deepEqual(take(), ["sync a", "terminate a 30", "cleanUp a", "forget a a"]);
  assert.equal(workers.has("a"), false);
});

test("a shorter grace cuts the kill in flight short, a longer one changes nothing", async () => {
  const { syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  waitIn(syncer, "terminate");
  workers.kill(pod("a"), {});
  await settle();
  workers.kill(pod("a"), { graceSeconds: 60 });
  await settle();
  assert.deepEqual(take(), ["sync a", "terminate a 30"]);
  workers.kill(pod("a"), { graceSeconds: 3 });
  await settle();
  assert.deepEqual(take(), ["terminate a 3"]);
});

test("the same pod wanted again while it ends starts anew once nothing of the old one is left", async () => {
  const { syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  const gate = waitIn(syncer, "forget");
  workers.remove("a");
  await settle();
  take();
  workers.update(pod("a"));
  workers.wake("a");
  await settle();
  assert.deepEqual(take(), []);
  gate.open();
  await settle();
  assert.deepEqual(take(), ["sync a"]);
});

test("wanted again and unwanted again while it ends: it is gone in the end", async () => {
  const { syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  const gate = waitIn(syncer, "terminate");
  workers.remove("a");
  workers.update(pod("a"));
  workers.remove("a");
  gate.open();
  await settle();
  assert.deepEqual(take().at(-1), "forget a a");
  assert.equal(workers.has("a"), false);
});

test("a new pod of the same name waits until the old one has ended", async () => {
  const { syncer, workers, take } = world();
  workers.update(pod("old", "web"));
  await settle();
  const gate = waitIn(syncer, "terminate");
  workers.remove("old");
  workers.update(pod("new", "web"));
  await settle();
  assert.deepEqual(take(), ["sync old", "terminate old 30"]);
  gate.open();
  await settle();
  assert.ok(take().includes("sync new"));
});

test("a kill that hangs holds up no other pod", async () => {
  const { syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  const never = new Gate();
  syncer.during = (_call, uid) => (uid === "a" ? never.opened : undefined);
  workers.remove("a");
  workers.update(pod("b"));
  await settle();
  workers.remove("b");
  await settle();
  assert.deepEqual(workers.uids(), ["a"]);
  assert.ok(take().includes("forget b b"));
});

test("housekeeping in the middle of forgetting a pod does not give it a second worker", async () => {
  const { clock, syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  const gate = waitIn(syncer, "forget");
  workers.remove("a");
  await settle();
  take();
  workers.syncKnown(new Set());
  assert.equal(workers.has("a"), true);
  workers.adoptOrphan(orphan("a", "a"));
  await settle();
  assert.deepEqual(take(), []);
  gate.open();
  await clock.pass(10_000);
  assert.deepEqual([workers.uids(), take()], [[], []]);
});

test("what cannot be forgotten yet is tried again, under its name", async () => {
  const { clock, syncer, workers, take } = world();
  workers.update(pod("a"));
  await settle();
  let fails = true;
  syncer.during = (call) => (call === "forget" && fails ? Promise.reject(new Error("busy")) : undefined);
  workers.remove("a");
  await clock.pass(500);
  workers.syncKnown(new Set());
  fails = false;
  await clock.pass(1_000);
  assert.deepEqual(take().slice(-2), ["forget a a", "forget a a"]);
  assert.equal(workers.has("a"), false);
});

test("containers of a pod that nobody wants end with the grace that they were made with", async () => {
  const { workers, take } = world();
  workers.adoptOrphan(orphan("x", "lost", 45));
  await settle();
  assert.deepEqual(take(), ["terminate x 45 of runtime", "cleanUp x", "forget x lost"]);
});

test("those that do not say end with the least grace, and leave nothing behind", async () => {
  const { workers, take } = world();
  workers.adoptOrphan(orphan("x", "lost"));
  await settle();
  assert.deepEqual(take(), ["terminate x 1 of runtime", "cleanUp x", "forget x lost"]);
  assert.deepEqual(workers.uids(), []);
});

test("an orphan that is wanted after all starts anew once the orphan is gone", async () => {
  const { syncer, workers, take } = world();
  const gate = waitIn(syncer, "terminate");
  workers.adoptOrphan(orphan("x", "x"));
  workers.update(pod("x"));
  await settle();
  gate.open();
  await settle();
  assert.deepEqual(take().slice(-2), ["forget x x", "sync x"]);
});

test("while something is done about a pod without a worker it gets none; a pod with a worker is left to it", async () => {
  const { workers, take } = world();
  const gate = new Gate();
  const done = workers.withoutWorker("a", () => gate.opened);
  workers.update(pod("a"));
  await settle();
  assert.deepEqual(take(), []);
  gate.open();
  assert.equal(await done, true);
  await settle();
  assert.deepEqual(take(), ["sync a"]);
  assert.equal(await workers.withoutWorker("a", () => assert.fail("it has a worker")), false);
});

test("a pod that ran to its end keeps its worker and its content until it is unwanted", async () => {
  const { clock, syncer, workers, take } = world();
  syncer.result = { terminal: true };
  workers.update(pod("a"));
  await clock.pass(200_000);
  assert.deepEqual(take(), ["sync a", "terminate a 30", "cleanUp a"]);
  workers.syncKnown(new Set(["a"]));
  assert.deepEqual([workers.contentShouldBeRemoved("a"), workers.runtimeShouldBeRemoved("a")], [false, true]);
  workers.wake("a");
  workers.remove("a");
  await settle();
  assert.deepEqual(take(), ["forget a a"]);
});

test("a pod past its deadline is ended with its words and keeps its containers and logs", async () => {
  const { syncer, workers, take } = world();
  syncer.result = { terminal: true, evict: { reason: "DeadlineExceeded", message: "too long" } };
  workers.update(pod("a"));
  await settle();
  assert.deepEqual(take(), ["sync a", "terminate a 30", "cleanUp a"]);
  assert.equal(workers.state.workers["a"]?.killStatus?.reason, "DeadlineExceeded");
  assert.equal(workers.contentShouldBeRemoved("a"), false);
});

test("at the end of the agent work in flight is aborted, nothing new begins, no timer is left", async () => {
  const { clock, syncer, workers, take } = world();
  workers.update(pod("at-rest"));
  await settle();
  waitIn(syncer, "sync");
  workers.update(pod("starting"));
  await settle();
  take();
  await workers.stop();
  workers.update(pod("late"));
  workers.wakeAll();
  await clock.pass(120_000);
  assert.deepEqual([take(), clock.pendingTimers], [[], 0]);
});

/** What the runtime knows of a pod that nobody wants. */
function orphan(uid: string, name: string, graceSeconds?: number): RuntimePodStatus {
  const container = {
    id: "c",
    name: "main",
    sandboxId: "s",
    state: "CONTAINER_RUNNING",
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    image: "",
    imageId: "",
    reason: "",
    message: "",
    restartCount: 0,
    hash: "",
    ...(graceSeconds !== undefined && { ending: { graceSeconds } }),
  } as const;
  return { uid, name, namespace: "default", ips: [], sandboxStatuses: [], containerStatuses: [container] };
}
