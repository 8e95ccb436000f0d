/**
 * The settings of eviction that are our own, each on a real machine: one pod whose page cache in active use is all that is
 * short, and what becomes of it under each of them. What needs cgroup v2, swap or stalls is in test/vm/guest/pressure.test.ts.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import type { MemoryAvailability } from "../../src/core/eviction/availability.ts";
import type { EvictionRecord } from "../../src/core/eviction/record.ts";
import type { Summary } from "../../src/core/stats/summary.ts";
import { readMachineInfo } from "../../src/host/machine/read-machine-info.ts";
import { AgentNode, BUSYBOX, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { roundsOf } from "../support/eviction-rounds.ts";
import { hogPod } from "../support/memory-hog.ts";

const MiB = 1024 ** 2;
/** All pods together may use so much, and this is their threshold: nobody else's memory counts. */
const PODS_MIB = 900;
const THRESHOLD_MIB = 250;
const CACHE_MIB = 700;
const EXPERIMENT_MIB = 1_000;

/** Keeps a file that it reads again, so that its pages are active, whenever somebody asks for it. */
const READER = [
  `dd if=/dev/zero of=/data/big bs=1M count=${CACHE_MIB} && sync`,
  "again() { for i in 1 2 3; do dd if=/data/big of=/dev/null bs=1M; done; echo read; }",
  "again",
  "while sleep 0.2; do if rm /data/again 2>/dev/null; then again; fi; done",
].join("; ");

/** Each step waits for a file of its name. */
const EXPERIMENT = [
  "step() { until rm /data/$1 2>/dev/null; do sleep 0.1; done; }",
  `step write; dd if=/dev/zero of=/data/big bs=1M count=${EXPERIMENT_MIB} && sync && echo written`,
  "step read; for i in 1 2; do dd if=/data/big of=/dev/null bs=1M; done; echo read",
  SLEEP,
].join("; ");

function withDisk(name: string, script: string): unknown {
  const main = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
  return shellPod(name, script, {
    volumes: [{ name: "data", emptyDir: {} }],
    containers: [{ ...main, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
  });
}

async function dataOf(node: AgentNode, name: string): Promise<string> {
  const uid = (await node.pod(name))?.metadata?.uid ?? "";
  return join(node.rootDir, "pods", uid, "volumes/kubernetes.io~empty-dir/data");
}

interface Pressure {
  readonly conditions: readonly string[];
  readonly explanation?: { readonly podsMemory?: MemoryAvailability };
}

describe("a node that is short of memory for page cache alone", { concurrency: 1 }, () => {
  let node: AgentNode;
  let kubelet: Readonly<Record<string, unknown>>;
  before(async () => {
    const { memoryBytes } = await readMachineInfo();
    kubelet = {
      kubeReserved: { memory: String(memoryBytes - PODS_MIB * MiB) },
      evictionHard: { "memory.available": `${THRESHOLD_MIB}Mi` },
      evictionPressureTransitionPeriod: "2s",
    };
    node = new AgentNode({ bridge: "tskevp0", kubelet, tskubelet: { eviction: { dryRun: true } } });
    await node.start();
    node.write("reader.yaml", withDisk("reader", READER));
    await node.untilPod("reader", "runs", isRunning);
  });
  after(() => node.close());

  const restartWith = async (eviction: Readonly<Record<string, unknown>>, fields = kubelet) => {
    await node.end("SIGTERM");
    node.configure({ kubelet: fields, tskubelet: { eviction } });
    await node.start();
  };
  const records = async () => {
    const answer = (await node.get("/tskubelet/v1/evictions")) as { readonly items: readonly EvictionRecord[] };
    return answer.items;
  };
  const pressure = async () => (await node.get("/tskubelet/v1/pressure")) as Pressure;
  const podsMemory = async () => {
    const memory = (await pressure()).explanation?.podsMemory;
    assert.ok(memory !== undefined, "the agent has looked");
    return memory;
  };
  const untilRead = () =>
    node.until("the page cache is in active use", async () => {
      const { workingSetBytes, memAvailableBytes = 0 } = await podsMemory();
      return workingSetBytes < (THRESHOLD_MIB - 20) * MiB && memAvailableBytes > (THRESHOLD_MIB + 100) * MiB;
    });
  const attempts = async () => {
    const told = (await node.events()).filter(({ reason }) => reason === "EvictionThresholdMet");
    return told.reduce((sum, { count }) => sum + count, 0);
  };
  const assertUntouched = async (name = "reader") => {
    const pod = (await node.pod(name)) as Pod;
    assert.deepEqual([pod.status?.phase, statusOf(pod)?.restartCount], ["Running", 0]);
  };

  it("dryRun: says once who would go, and does nothing, round after round", async () => {
    await untilRead();
    await node.until("it is decided", async () => (await records()).length > 0);
    const before = await attempts();
    await node.until("it is decided again", async () => (await attempts()) > before);
    const [record, ...others] = await records();
    assert.deepEqual([record?.dryRun, record?.victim.name, record?.goneAtMs, others], [true, "reader", undefined, []]);
    assert.deepEqual((await pressure()).conditions, ["MemoryPressure"]);
    await assertUntouched();
  });

  it("shows every way to count side by side, whatever decides", async () => {
    const { workingSetBytes, memAvailableBytes = 0, guardedBytes, chosenBytes, isFallback } = await podsMemory();
    assert.ok(memAvailableBytes - workingSetBytes > 0.8 * CACHE_MIB * MiB, `${memAvailableBytes} ${workingSetBytes}`);
    assert.deepEqual([guardedBytes, chosenBytes, isFallback], [memAvailableBytes, workingSetBytes, false]);
  });

  it("psiGuard: evicts nobody while nothing stalls", async () => {
    await restartWith({ psiGuard: { someAvg10Percent: 90 } });
    await node.until("the condition stands", async () => (await pressure()).conditions.length > 0);
    const rounds = await roundsOf(node, 3);
    assert.deepEqual(
      rounds.map(({ planKind }) => planKind),
      ["nothing", "nothing", "nothing"],
    );
    assert.equal((await records()).length, 1);
    await assertUntouched();
  });

  for (const memoryAvailability of ["MemAvailable", "Guarded"]) {
    it(`memoryAvailability ${memoryAvailability}: sees no shortage in page cache`, async () => {
      await restartWith({ memoryAvailability });
      const { workingSetBytes, memAvailableBytes, chosenBytes } = await podsMemory();
      assert.ok(workingSetBytes < THRESHOLD_MIB * MiB, "by the working set it is short still");
      assert.equal(chosenBytes, memAvailableBytes);
      await roundsOf(node, 1);
      assert.deepEqual((await pressure()).conditions, []);
      await assertUntouched();
    });
  }

  it("memoryAvailability Guarded: evicts for memory that nobody can take back", async () => {
    node.write("hog.yaml", hogPod("hog", { mib: 750, mibPerSecond: 400 }));
    await node.untilPod("hog", "is evicted", ({ status }) => status?.reason === "Evicted");
    assert.equal((await records()).at(-1)?.victim.name, "hog");
    await assertUntouched();
    node.remove("hog.yaml");
    await node.untilGone("hog");
  });

  it("reclaimBeforeKill: takes the page cache instead of the pod", async () => {
    await restartWith({ reclaimBeforeKill: true });
    const [before, asked] = [(await records()).length, await attempts()];
    writeFileSync(join(await dataOf(node, "reader"), "again"), "");
    await node.until("memory was asked for", async () => (await attempts()) > asked);
    await node.until("it was given", async () => {
      const { workingSetBytes } = await podsMemory();
      return workingSetBytes > THRESHOLD_MIB * MiB;
    });
    assert.equal((await records()).length, before);
    await assertUntouched();
  });

  it("a file of 1 GB that is written once is cache and no working set, until it is read again", async () => {
    // Only here the pods may use what they like.
    await restartWith({}, { evictionHard: { "memory.available": "100Mi" } });
    node.remove("reader.yaml");
    await node.untilGone("reader");
    node.write("writer.yaml", withDisk("writer", EXPERIMENT));
    const writer = await node.untilPod("writer", "runs", isRunning);
    const memory = async () => {
      const { pods = [] } = (await node.get("/stats/summary")) as Summary;
      const { usageBytes = 0, workingSetBytes = 0 } = pods.find(({ podRef }) => podRef.name === "writer")?.memory ?? {};
      return { usageBytes, workingSetBytes };
    };
    const before = await memory();
    const grownAfter = async (step: string, said: RegExp) => {
      writeFileSync(join(await dataOf(node, "writer"), step), "");
      await node.untilLog(writer, said);
      const { usageBytes, workingSetBytes } = await memory();
      const mib = (bytes: number) => Math.round(bytes / MiB);
      return { usage: mib(usageBytes - before.usageBytes), workingSet: mib(workingSetBytes - before.workingSetBytes) };
    };
    const written = await grownAfter("write", /written/);
    assert.ok(written.usage > 0.95 * EXPERIMENT_MIB, `usage grew by ${written.usage} MiB`);
    assert.ok(written.workingSet < 100, `the working set grew by ${written.workingSet} MiB`);
    const read = await grownAfter("read", /read/);
    assert.ok(read.workingSet > 0.95 * EXPERIMENT_MIB, `the working set grew by ${read.workingSet} MiB`);
    await assertUntouched("writer");
  });
});
