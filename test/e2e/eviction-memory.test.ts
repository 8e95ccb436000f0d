/** Memory runs short on a real machine: who goes, who stays, and what is told of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EvictionRecord } from "../../src/core/eviction/record.ts";
import { readMachineInfo } from "../../src/host/machine/read-machine-info.ts";
import { AgentNode, isRunning, SLEEP, shellPod } from "../support/agent-node.ts";
import { hogPod, nodeAvailableBytes } from "../support/memory-hog.ts";
import { PROGRAM, RunningProgram } from "../support/program.ts";

const MiB = 1024 ** 2;
/**
 * All pods together may use so much: their own limit is short long before the machine is, and nobody else's memory counts.
 */
const PODS_MIB = 750;
const THRESHOLD_MIB = 250;
/** Of the machine, in the one test that needs its own threshold; far below what it has. */
const MACHINE_ROOM_MIB = 1_000;

describe("a node that runs short of memory", { concurrency: 1 }, () => {
  let node: AgentNode;
  before(async () => {
    const { memoryBytes } = await readMachineInfo();
    node = new AgentNode({
      bridge: "tskevm0",
      kubelet: {
        kubeReserved: { memory: String(memoryBytes - PODS_MIB * MiB) },
        evictionHard: { "memory.available": `${THRESHOLD_MIB}Mi` },
        evictionPressureTransitionPeriod: "3s",
      },
    });
    await node.start();
    node.write("modest.yaml", shellPod("modest", SLEEP));
    node.write("asking.yaml", hogPod("asking", { mib: 100, requestMib: 200 }));
    for (const name of ["modest", "asking"]) await node.untilPod(name, "runs", isRunning);
  });
  after(() => node.close());

  const evictions = async () => {
    const answer = (await node.get("/tskubelet/v1/evictions")) as { readonly items: readonly EvictionRecord[] };
    return answer.items;
  };

  it("evicts the pod that took it, at once, and leaves the others alone", async () => {
    node.write("hog.yaml", hogPod("hog", { mib: 700, mibPerSecond: 400 }));
    const hog = await node.untilPod("hog", "is evicted", ({ status }) => status?.reason === "Evicted");
    assert.equal(hog.status?.phase, "Failed");
    assert.match(
      hog.status?.message ?? "",
      /^The node was low on resource: memory\. Threshold quantity: .*, available: /,
    );
    const condition = hog.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([condition?.status, condition?.reason], ["True", "TerminationByKubelet"]);
    for (const name of ["modest", "asking"]) {
      const { status } = await node.untilPod(name, "runs", isRunning);
      assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
    }
    const events = await node.events();
    assert.ok(events.some(({ reason, involvedObject }) => reason === "Evicted" && involvedObject.name === "hog"));
    assert.ok(events.some(({ reason }) => reason === "EvictionThresholdMet"));
    assert.ok(events.some(({ reason }) => reason === "NodeHasInsufficientMemory"));
  });

  it("keeps a record of it that says why", async () => {
    const [record, ...others] = await evictions();
    assert.deepEqual(others, []);
    assert.equal(record?.victim.name, "hog");
    assert.ok((record.stats?.memory?.workingSetBytes ?? 0) > 200 * MiB, JSON.stringify(record.stats?.memory));
    assert.equal(record.trace.choice?.ranking[0]?.uid, record.victim.uid);
    assert.match(record.lastLogLines["main"] ?? "", /takes 700 MiB/);
  });

  it("brings the pod back when the pressure is over, and not before", async () => {
    const back = await node.untilPod("hog", "comes back", ({ status }) => status?.phase !== "Failed", 60_000);
    const [record] = await evictions();
    const startedAtMs = Date.parse(back.status?.startTime ?? "");
    assert.ok(record?.goneAtMs !== undefined && startedAtMs >= record.goneAtMs + 9_000, `${startedAtMs}`);
    node.remove("hog.yaml");
    await node.untilGone("hog");
  });

  it("refuses best-effort pods while it lasts, and takes them afterwards", async () => {
    node.write("hog.yaml", hogPod("second", { mib: 700, mibPerSecond: 400 }));
    await node.untilPod("second", "is evicted", ({ status }) => status?.reason === "Evicted");
    node.write("late.yaml", shellPod("late", SLEEP));
    const late = await node.untilPod("late", "is refused", ({ status }) => status?.phase === "Failed");
    assert.equal(late.status?.message, "Pod was rejected: The node had condition: [MemoryPressure]. ");
    node.remove("hog.yaml");
    await node.untilPod("late", "runs after all", isRunning, 60_000);
    node.remove("late.yaml");
  });

  it("finishes after a restart what it had begun", async () => {
    const before = (await evictions()).length;
    node.write("hog.yaml", hogPod("third", { mib: 700, mibPerSecond: 400 }));
    await node.until("a third eviction is recorded", async () => (await evictions()).length > before);
    await node.end("SIGKILL");
    await sleep(500);
    await node.start();
    const third = await node.untilPod("third", "is evicted", ({ status }) => status?.reason === "Evicted");
    assert.equal(third.status?.phase, "Failed");
    const record = (await evictions()).at(-1);
    assert.equal(record?.victim.name, "third");
    await node.until("the record is closed", async () => (await evictions()).at(-1)?.goneAtMs !== undefined);
    node.remove("hog.yaml");
    await node.untilGone("third");
  });

  it("says why on the command line, and what is used", async () => {
    const tell = async (...args: readonly string[]) => {
      const { code, out, err } = await new RunningProgram(PROGRAM, [...args, "--root-dir", node.rootDir]).ended;
      assert.equal(code, 0, err);
      return out;
    };
    assert.match(await tell("why"), /^allocatableMemory\.available: default\/\w+ would go next/m);
    assert.match(await tell("why", "hog"), /Evicted before:\n.*default\/hog evicted for allocatableMemory\.available</);
    assert.match(await tell("why", "--past"), /default\/hog +allocatableMemory\.available</);
    assert.match(await tell("top", "pods"), /^asking +\S+ +1\d\dMi/m);
    assert.match(await tell("top", "node"), /^NAME +CPU/);
    const recording = join(node.base, "recorded.ndjson");
    await tell("record", recording, "--duration", "12s", "--mask-names");
    const replayed = await new RunningProgram(PROGRAM, ["simulate", recording]).ended;
    assert.equal(replayed.code, 0, replayed.err);
    assert.match(replayed.out, /^\{"name":"recorded-/);
    assert.doesNotMatch(readFileSync(recording, "utf8"), /modest|asking/);
  });
});

describe("a node with a soft threshold of memory", { concurrency: 1 }, () => {
  let node: AgentNode;
  const graceMs = 3_000;
  before(async () => {
    const thresholdBytes = Math.floor((await nodeAvailableBytes()) / MiB - MACHINE_ROOM_MIB) * MiB;
    node = new AgentNode({
      bridge: "tskevs0",
      kubelet: {
        evictionHard: { "memory.available": "100Mi" },
        evictionSoft: { "memory.available": String(thresholdBytes) },
        evictionSoftGracePeriod: { "memory.available": `${graceMs / 1000}s` },
        evictionMaxPodGracePeriod: 2,
        evictionPressureTransitionPeriod: "1s",
      },
    });
    await node.start();
  });
  after(() => node.close());

  it("evicts once it was passed for its grace period, with the pod's own grace as far as that is allowed", async () => {
    node.write("hog.yaml", hogPod("hog", { mib: 3 * MACHINE_ROOM_MIB }));
    await node.until("the condition stands", async () =>
      (await node.events()).some(({ reason }) => reason === "NodeHasInsufficientMemory"),
    );
    const pressedAtMs = Date.now();
    await node.untilPod("hog", "is evicted", ({ status }) => status?.reason === "Evicted");
    const tookMs = Date.now() - pressedAtMs;
    assert.ok(tookMs > graceMs - 1_000, `evicted ${tookMs} ms after the threshold was passed`);
    const { items } = (await node.get("/tskubelet/v1/evictions")) as { readonly items: readonly EvictionRecord[] };
    assert.deepEqual([items.length, items[0]?.victim.gracePeriodSeconds], [1, 2]);
  });
});
