import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { container, type FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { MEMORY_FIELDS, nodeWithEviction, setMemory } from "../../../test/support/fakes-memory.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import type { Pod } from "../../core/api/types.ts";
import { NO_POD_WORKERS } from "../../core/pod-worker/state.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { StatusManager } from "../status/status-manager.ts";
import { EvictedPods } from "./evicted-pods.ts";
import { EvictionRecords } from "./eviction-records.ts";

/** BestEffort, and one that admission lets in under memory pressure. */
const HOG = podOf("hog", { containers: [container("hog")] });
const BURSTABLE = podOf("burstable", {
  containers: [container("burstable", { resources: { requests: { memory: "1Mi" } } })],
});
const UNAVAILABLE = new RuntimeError("Unavailable", "RemovePodSandbox", "connection refused");

it("EvictedPods has no timer while nobody is away", async () => {
  const clock = new FakeClock();
  const log = new FakeLog();
  const store = new FakeStore();
  const statuses = new StatusManager({ clock, log, store });
  const away = new EvictedPods({
    clock,
    log,
    events: new EventRecorder({ clock, log, store }, { nodeName: "node" }),
    pods: { pod: () => HOG, allSourcesReady: true },
    workers: { state: NO_POD_WORKERS, remove: () => {}, update: () => {} },
    statuses,
    records: new EvictionRecords({ log, store }),
    eviction: { admit: () => ({ admit: true }), conditions: [], lastRound: undefined },
    evictor: { closeRecords: () => {} },
  });
  const abort = new AbortController();
  await away.start(abort.signal);
  const timers = async () => {
    await clock.pass(10_000);
    return clock.pendingTimers;
  };
  assert.equal(await timers(), 0);
  statuses.set("other", { phase: "Failed", reason: "Error" });
  assert.equal(await timers(), 0);
  statuses.set("hog", { phase: "Failed", reason: "Evicted" });
  assert.equal(await timers(), 1);
  statuses.forget("hog");
  assert.equal(await timers(), 0);
  abort.abort();
  await away.stop();
});

describe("EvictedPods", () => {
  let node: FakeNode;
  const use = (pod: Pod, mib: number) => setMemory(node, new Map([[pod, mib]]));
  const returns = () => node.agent.events.list().find(({ reason }) => reason === "Returning")?.count ?? 0;
  const phase = (pod: Pod) => `${node.status(pod)?.phase} ${node.status(pod)?.reason ?? ""}`;
  const evicted = async (pod: Pod) => {
    node.source.showPods(pod);
    await node.clock.pass(1_000);
    use(pod, 900);
    await node.clock.pass(10_000);
    assert.equal(phase(pod), "Failed Evicted");
    use(pod, 0);
  };
  beforeEach(async () => {
    node = nodeWithEviction(MEMORY_FIELDS);
    use(HOG, 0);
    await node.start();
  });

  it("tells a return once, however long the old life takes to be put away", async () => {
    await evicted(HOG);
    node.runtime.fail("removePodSandbox", UNAVAILABLE);
    await node.clock.pass(120_000);
    assert.deepEqual([returns(), phase(HOG)], [1, "Failed Evicted"]);
    node.runtime.heal();
    await node.clock.pass(5_000);
    assert.deepEqual([returns(), phase(HOG)], [1, "Running "]);
  });

  it("holds a return back when pressure begins meanwhile, also of a pod that might start as a new one", async () => {
    await evicted(BURSTABLE);
    node.runtime.fail("removePodSandbox", UNAVAILABLE);
    await node.clock.pass(60_000);
    assert.equal(returns(), 1);
    use(BURSTABLE, 900);
    await node.clock.pass(10_000);
    assert.deepEqual(node.agent.view.pressureConditions(), ["MemoryPressure"]);
    node.runtime.heal();
    await node.clock.pass(20_000);
    assert.equal(node.running("burstable"), undefined);
    assert.equal(node.status(BURSTABLE)?.message, "Pod was rejected: The node had condition: [MemoryPressure]. ");
    use(BURSTABLE, 0);
    await node.clock.pass(60_000);
    assert.equal(phase(BURSTABLE), "Running ");
  });

  it("brings it back after a restart of the agent, too", async () => {
    await evicted(HOG);
    await node.restart();
    await node.clock.pass(60_000);
    assert.deepEqual([returns(), phase(HOG)], [1, "Running "]);
  });

  it("leaves a pod alone whose manifest is gone", async () => {
    await evicted(HOG);
    node.source.showPods();
    await node.clock.pass(120_000);
    assert.deepEqual([returns(), node.agent.workers.uids()], [0, []]);
  });
});
