import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { container, type FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { MEMORY_FIELDS as FIELDS, nodeWithEviction, setMemory } from "../../../test/support/fakes-memory.ts";
import { containerOfPod } from "../../../test/support/fakes-runtime.ts";
import type { EvictionFields, EvictionPolicy } from "../../core/eviction/index.ts";

const SMALL = podOf("small", { containers: [container("small")] });
const HOG = podOf("hog", { containers: [container("hog")] });

describe("EvictionManager", () => {
  let node: FakeNode;
  const started = async (fields: EvictionFields = FIELDS, policy: Partial<EvictionPolicy> = {}) => {
    node = nodeWithEviction(fields, policy);
    setMemory(node, new Map([[SMALL, 10]]));
    await node.start();
    node.source.showPods(SMALL, HOG);
    await node.clock.pass(1_000);
  };
  const press = () =>
    setMemory(
      node,
      new Map([
        [SMALL, 10],
        [HOG, 900],
      ]),
    );
  const relieve = () =>
    setMemory(
      node,
      new Map([
        [SMALL, 10],
        [HOG, 0],
      ]),
    );
  const records = () => node.agent.view.evictionRecords();
  const killed = () => node.runtime.calls.filter((call) => call.startsWith("stopContainer"));
  beforeEach(() => started());

  it("leaves everybody alone while nothing is short", async () => {
    await node.clock.pass(60_000);
    assert.deepEqual([records().length, killed().length, node.agent.view.pressureConditions()], [0, 0, []]);
  });

  it("evicts who uses most above its request, with record, event, status and condition", async () => {
    press();
    await node.clock.pass(10_000);
    const { phase, reason, conditions } = node.status(HOG) ?? {};
    assert.deepEqual([phase, reason], ["Failed", "Evicted"]);
    assert.ok(conditions?.some(({ type, status }) => type === "DisruptionTarget" && status === "True"));
    assert.equal(node.status(SMALL)?.phase, "Running");
    assert.deepEqual(
      records().map(({ victim }) => victim.name),
      ["hog"],
    );
    assert.ok(node.events().some((event) => event.startsWith("Evicted: The node was low on resource: memory.")));
    assert.deepEqual(node.agent.view.pressureConditions(), ["MemoryPressure"]);
  });

  it("evicts nobody where the figures are missing: that is no zero", async () => {
    press();
    node.stats.cgroupFigures.delete("/");
    await node.clock.pass(60_000);
    assert.equal(records().length, 0);
  });

  it("evicts nobody whose containers have ended, however long the rest takes", async () => {
    const gate = node.runtime.hold("stopPodSandbox");
    const id = node.running("hog")?.id ?? "";
    node.source.showPods(SMALL);
    await node.clock.pass(1_000);
    assert.equal(node.running("hog"), undefined);
    node.eventSource.tell("stopped", id);
    await node.clock.pass(1_000);
    press();
    await node.clock.pass(10_000);
    assert.deepEqual(
      records().map(({ victim }) => victim.name),
      ["small"],
    );
    gate.open();
    await node.clock.pass(5_000);
  });

  it("refuses best-effort pods under pressure, and lets them in afterwards", async () => {
    press();
    await node.clock.pass(10_000);
    const late = podOf("late", { containers: [container("late")] });
    node.source.showPods(SMALL, HOG, late);
    await node.clock.pass(1_000);
    assert.equal(node.status(late)?.message, "Pod was rejected: The node had condition: [MemoryPressure]. ");
    relieve();
    await node.clock.pass(60_000);
    assert.equal(node.status(late)?.phase, "Running");
  });

  it("lets a pod in after the pressure whose room came free during it", async () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    const [holder, waiting] = ["holder", "waiting"].map((name) =>
      podOf(name, { containers: [container(name, { ports })] }),
    );
    assert.ok(holder !== undefined && waiting !== undefined);
    node.source.showPods(SMALL, HOG, holder, waiting);
    await node.clock.pass(1_000);
    assert.equal(node.status(waiting)?.reason, "NodePorts");
    press();
    await node.clock.pass(10_000);
    relieve();
    node.source.showPods(SMALL, waiting);
    await node.clock.pass(5_000);
    assert.equal(node.running("waiting"), undefined);
    await node.clock.pass(60_000);
    assert.ok(node.running("waiting"));
  });

  it("brings an evicted standalone pod back once the condition is gone, not before", async () => {
    press();
    await node.clock.pass(10_000);
    relieve();
    await node.clock.pass(25_000);
    assert.equal(node.status(HOG)?.phase, "Failed");
    await node.clock.pass(30_000);
    assert.equal(node.status(HOG)?.phase, "Running");
    assert.ok(node.events().some((event) => event.startsWith("Returning: ")));
  });

  it("only tells what it would do where the policy is a dry run", async () => {
    await started(FIELDS, { dryRun: true });
    press();
    await node.clock.pass(10_000);
    assert.equal(records()[0]?.dryRun, true);
    await node.clock.pass(60_000);
    assert.deepEqual([records().length, killed().length, node.status(HOG)?.phase], [1, 0, "Running"]);
    relieve();
    await node.clock.pass(10_000);
    press();
    await node.clock.pass(10_000);
    assert.equal(records().length, 2);
  });

  it("looks every second while the guard holds an eviction back, as stalls may begin at any time", async () => {
    await started(FIELDS, { psiGuard: { someAvg10Percent: 5, cooldownSeconds: 0 } });
    const stall = (avg10: number) => {
      const figures = { total: 0, avg10, avg60: 0, avg300: 0 };
      const memory = { some: figures, full: figures };
      node.stats.machineFigures = { ...node.stats.machineFigures, pressure: { memory } };
    };
    press();
    stall(1);
    await node.clock.pass(20_500);
    assert.equal(records().length, 0);
    stall(6);
    await node.clock.pass(1_500);
    assert.equal(records().length, 1);
  });

  it("finishes after a restart what was recorded and not done", async () => {
    press();
    node.dieInsteadOfKilling();
    await node.clock.pass(10_000);
    assert.equal(records().length, 1);
    assert.equal(node.status(HOG)?.phase, "Running");
    relieve();
    await node.restart();
    await node.clock.pass(20_000);
    assert.ok(node.events().includes("Killing: Stopping container hog"));
    assert.equal(records().length, 1);
    assert.ok(records()[0]?.goneAtMs !== undefined);
  });

  it("waits out the grace period of a soft threshold, and evicts on the moment", async () => {
    await started({
      evictionHard: {},
      evictionSoft: { "memory.available": "200Mi" },
      evictionSoftGracePeriod: { "memory.available": "13s" },
      enforceNodeAllocatable: [],
    });
    press();
    // Seen at 10 s, due at 23 s, and the next regular look would be at 30 s; two have gone by.
    await node.clock.pass(20_000);
    assert.equal(records().length, 0);
    await node.clock.pass(2_000);
    assert.equal(records().length, 1);
  });

  it("watches the filesystem of writable layers by itself where the runtime says that it is one", async () => {
    node = nodeWithEviction({ evictionHard: { "nodefs.available": "50%" } });
    setMemory(node, new Map([[SMALL, 10]]));
    const layers = { timestampMs: 0, mountpoint: "/layers", usedBytes: 80 };
    node.images.containerFilesystems = [layers];
    const room = (device: string, availableBytes: number) =>
      node.stats.filesystems.set(device, { device, capacityBytes: 100, usedBytes: 0, availableBytes });
    for (const directory of ["/root", "/images", "/layers"]) room(directory, 90);
    await node.start();
    node.source.showPods(SMALL, HOG);
    await node.clock.pass(1_000);
    room("/layers", 10);
    await node.clock.pass(10_000);
    assert.equal(records()[0]?.thresholdKey, "containerfs.available<50%");
    assert.deepEqual(node.agent.view.pressureConditions(), ["DiskPressure"]);
  });

  it("evicts nobody for a shortage that a reclaim has ended, however long that takes and whatever fails then", async () => {
    const fields: EvictionFields = { evictionHard: { "nodefs.available": "50%" } };
    await started(fields, { evictionPace: "AsNeeded" });
    const disk = (availableBytes: number) => ({ device: "8:1", capacityBytes: 100, usedBytes: 0, availableBytes });
    const { stats } = node;
    stats.filesystems.set("/root", disk(10));
    const removal = node.runtime.hold("removeContainer");
    node.runtime.containers.set("dead", { ...containerOfPod("gone", "dead", "main"), state: "CONTAINER_EXITED" });
    await node.clock.pass(20_000);
    const read = stats.cgroups.bind(stats);
    stats.cgroups = () => Promise.reject(new Error("no figures"));
    stats.filesystems.set("/root", disk(90));
    await node.clock.pass(60_000);
    removal.open();
    await node.clock.pass(1_000);
    stats.cgroups = read;
    await node.clock.pass(30_000);
    assert.ok(node.log.lines.some((line) => line.includes("reclaim of containers takes too long")));
    assert.deepEqual([records().length, node.status(HOG)?.phase], [0, "Running"]);
  });
});
