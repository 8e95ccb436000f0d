import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { container, type FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { MEMORY_FIELDS, nodeWithEviction, setMemory } from "../../../test/support/fakes-memory.ts";
import type { Pod } from "../../core/api/types.ts";

const HOG = podOf("hog", { containers: [container("hog")] });

/** It was evicted for the old record, and came back. */
const wasReturned = (node: FakeNode) => node.events().some((event) => event.startsWith("Returning: "));

describe("an eviction that its agent did not live to finish", () => {
  let node: FakeNode;
  const use = (pod: Pod, mib: number) => setMemory(node, new Map([[pod, mib]]));
  const records = () => node.agent.view.evictionRecords();
  const kills = () => node.runtime.calls.filter((call) => call.startsWith("stopContainer"));
  beforeEach(async () => {
    node = nodeWithEviction(MEMORY_FIELDS);
    use(HOG, 0);
    await node.start();
    node.source.showPods(HOG);
    await node.clock.pass(1_000);
    use(HOG, 900);
    node.dieInsteadOfKilling();
    await node.clock.pass(10_000);
    use(HOG, 0);
    assert.deepEqual([records().length, records()[0]?.goneAtMs], [1, undefined]);
  });

  it("is finished by the next one before it starts anything of the pod", async () => {
    // As after a reboot, so that all of it would be started at once.
    node.runtime.containers.clear();
    node.runtime.sandboxes.clear();
    node.source.isSlow = true;
    await node.restart();
    node.source.showPods(HOG);
    await node.clock.pass(3_000);
    assert.equal(node.status(HOG)?.reason, "Evicted");
    assert.deepEqual(
      node.runtime.calls.filter((call) => call.startsWith("runPodSandbox")),
      [],
    );
  });

  it("is over when the pod is deleted before the next one starts: a later pod of that UID lives", async () => {
    node.source.showPods();
    await node.restart();
    await node.clock.pass(10_000);
    assert.ok(records()[0]?.goneAtMs !== undefined);
    node.runtime.calls.length = 0;
    node.source.showPods(HOG);
    await node.clock.pass(30_000);
    assert.deepEqual([node.status(HOG)?.phase, kills()], ["Running", []]);
  });

  it("is over, too, when the pod is wanted again while its old containers are ended", async () => {
    node.source.showPods();
    const gate = node.runtime.hold("stopContainer");
    await node.restart();
    await node.clock.pass(5_000);
    node.source.showPods(HOG);
    await node.clock.pass(5_000);
    gate.open();
    node.runtime.heal();
    await node.clock.pass(30_000);
    assert.deepEqual([node.status(HOG)?.phase, wasReturned(node)], ["Running", false]);
    assert.ok(records()[0]?.goneAtMs !== undefined);
  });
});

describe("an evicted pod that is deleted and written again before its record is closed", () => {
  it("is a new pod, which does not pay for the old one", async () => {
    const node = nodeWithEviction(MEMORY_FIELDS);
    setMemory(node, new Map([[HOG, 0]]));
    await node.start();
    node.source.showPods(HOG);
    await node.clock.pass(1_000);
    setMemory(node, new Map([[HOG, 900]]));
    const gate = node.runtime.hold("stopContainer");
    await node.clock.pass(10_500);
    setMemory(node, new Map([[HOG, 0]]));
    node.source.showPods();
    await node.clock.pass(30_000);
    node.source.showPods(HOG);
    gate.open();
    node.runtime.heal();
    await node.clock.pass(60_000);
    assert.deepEqual([node.status(HOG)?.phase, wasReturned(node)], ["Running", false]);
    assert.equal(node.agent.view.evictionRecords().length, 1);
    assert.ok(node.agent.view.evictionRecords()[0]?.goneAtMs !== undefined);
  });
});
