/** Pressure on cgroup v2: what the kernel tells of it, and the settings of eviction that need stalls, swap or memory.reclaim. */
import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { MemoryAvailability } from "../../../src/core/eviction/availability.ts";
import type { EvictionRecord } from "../../../src/core/eviction/record.ts";
import { kernelLogContract } from "../../contract/kernel-log-contract.ts";
import { createMemoryWorld } from "../../contract/memory-world.ts";
import { createOomWorld } from "../../contract/oom-world.ts";
import { pressureSignalsContract } from "../../contract/pressure-signals-contract.ts";
import { AgentNode, BUSYBOX, isRunning, SLEEP, statusOf } from "../../support/agent-node.ts";
import { roundsOf } from "../../support/eviction-rounds.ts";
import { type LoopDisk, makeLoopDisk } from "../../support/loop-disk.ts";
import { hogPod, nodeAvailableBytes } from "../../support/memory-hog.ts";
import { podWith } from "./agent-pods.ts";

pressureSignalsContract("host on cgroup v2", () => createMemoryWorld(96 * 1024 * 1024));
kernelLogContract("host on cgroup v2", createOomWorld);

const MiB = 1024 ** 2;
/** From what is available when the agent starts to its threshold; a hog takes more, the page cache of the file as much. */
const ROOM_MIB = 150;
const HOG_MIB = 230;
const FILE_MIB = 230;
const SWAP_MIB = 256;
const SLOW_MS = 200_000;
/** What stalls does hardly anything else; nothing else stalls at all. */
const STALL_PERCENT = 2;

describe("settings of eviction on cgroup v2", { concurrency: 1 }, () => {
  let node: AgentNode;
  let disk: LoopDisk;
  let kubelet: Readonly<Record<string, unknown>>;
  const data = "/tmp/vm-data";
  before(async () => {
    execFileSync("modprobe", ["loop"]);
    // Its files are page cache that can be reclaimed, which those of a tmpfs are not.
    disk = makeLoopDisk({ file: "/tmp/vm-data.img", mountPoint: data, mib: FILE_MIB + 30, inodes: 100 });
    execFileSync("dd", ["if=/dev/zero", `of=${data}/big`, "bs=1M", `count=${FILE_MIB}`, "conv=fsync"], {
      stdio: "ignore",
    });
    writeFileSync("/proc/sys/vm/drop_caches", "1");
    node = new AgentNode({ bridge: "tskvmp0" });
    mkdirSync(node.rootDir);
    await node.start();
    node.write("quiet.yaml", podWith("quiet", SLEEP, {}));
    await node.untilPod("quiet", "runs", isRunning);
    const thresholdBytes = Math.floor((await nodeAvailableBytes()) / MiB - ROOM_MIB) * MiB;
    kubelet = {
      evictionHard: { "memory.available": String(thresholdBytes) },
      evictionPressureTransitionPeriod: "2s",
      enforceNodeAllocatable: ["pods"],
    };
  });
  after(async () => {
    try {
      await node.close();
    } finally {
      disk.remove();
    }
  });

  const restartWith = async (eviction: Readonly<Record<string, unknown>>) => {
    await node.end("SIGTERM");
    node.configure({ kubelet, tskubelet: { eviction } });
    await node.start();
  };
  const records = async () => {
    const answer = (await node.get("/tskubelet/v1/evictions")) as { readonly items: readonly EvictionRecord[] };
    return answer.items;
  };
  const explained = async () => {
    const answer = (await node.get("/tskubelet/v1/pressure")) as {
      readonly conditions: readonly string[];
      readonly explanation?: { readonly memory?: MemoryAvailability };
    };
    return { conditions: answer.conditions, memory: answer.explanation?.memory };
  };
  const evicted = async (name: string) => {
    await node.untilPod(name, "is evicted", ({ status }) => status?.reason === "Evicted", SLOW_MS);
    assert.equal((await records()).at(-1)?.victim.name, name);
  };
  const removed = async (name: string) => {
    node.remove(`${name}.yaml`);
    await node.untilGone(name);
  };
  /** A pod that reads the file again and again. */
  const reader = (name: string, script: string, resources: object) =>
    podWith(name, "", resources, {
      volumes: [{ name: "data", hostPath: { path: data } }],
      containers: [
        {
          name: "main",
          image: BUSYBOX,
          imagePullPolicy: "Never",
          command: ["sh", "-c", script],
          resources,
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
    });

  it("reclaimBeforeKill: memory.reclaim takes the page cache in active use instead of the pod", async () => {
    await restartWith({ reclaimBeforeKill: true });
    const read = "dd if=/data/big of=/dev/null bs=1M";
    node.write("cache.yaml", reader("cache", `${read}; ${read}; ${read}; echo read; ${SLEEP}`, {}));
    const pod = await node.untilPod("cache", "runs", isRunning);
    const cgroup = `/sys/fs/cgroup${node.cgroupRoot}/kubepods/besteffort/pod${pod.metadata?.uid}`;
    const fileMib = () => Number(/^file (\d+)$/m.exec(readFileSync(join(cgroup, "memory.stat"), "utf8"))?.[1]) / MiB;
    await node.untilEvent("cache", "Started");
    await node.until("memory was asked for", async () =>
      (await node.events()).some(({ reason }) => reason === "EvictionThresholdMet"),
    );
    await node.until("it was given", async () => fileMib() < FILE_MIB - 50);
    assert.deepEqual(await records(), []);
    const { status } = await node.untilPod("cache", "runs", isRunning);
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
    await removed("cache");
  });

  it("swapAware: free swap is room, and its end is a shortage", async () => {
    await restartWith({ swapAware: true });
    const swap = "/tmp/vm-swap.img";
    execFileSync("truncate", ["-s", `${SWAP_MIB}M`, swap]);
    execFileSync("mkswap", [swap], { stdio: "ignore" });
    const device = execFileSync("losetup", ["--find", "--show", swap], { encoding: "utf8" }).trim();
    try {
      execFileSync("swapon", [device]);
      node.write("hog.yaml", hogPod("hog", { mib: HOG_MIB, mibPerSecond: 200 }));
      await node.untilPod("hog", "runs", isRunning);
      await node.until("it has what it wants", async () => {
        const { memory } = await explained();
        return memory !== undefined && memory.workingSetBytes < Number(thresholdOf(kubelet)) - 30 * MiB;
      });
      const [round] = await roundsOf(node, 1, SLOW_MS);
      assert.equal(round?.planKind, "nothing");
      const { conditions, memory } = await explained();
      assert.deepEqual(conditions, []);
      assert.equal(memory?.chosenBytes, (memory?.workingSetBytes ?? 0) + (memory?.swapFreeBytes ?? 0));
      assert.ok((memory?.swapFreeBytes ?? 0) > 0.9 * SWAP_MIB * MiB, `${memory?.swapFreeBytes}`);
      execFileSync("swapoff", [device]);
      await evicted("hog");
    } finally {
      execFileSync("sh", ["-c", `swapoff ${device} 2>/dev/null; losetup --detach ${device}; rm -f ${swap}`]);
    }
    await removed("hog");
  });

  it("psiGuard: a shortage evicts once something stalls for memory, and not before", async (t) => {
    const before = (await records()).length;
    await restartWith({ psiGuard: { someAvg10Percent: STALL_PERCENT } });
    node.write("hog.yaml", hogPod("hog", { mib: HOG_MIB, mibPerSecond: 200 }));
    await node.until("the condition stands", async () => (await explained()).conditions.length > 0);
    const rounds = await roundsOf(node, 3, SLOW_MS);
    assert.deepEqual([...new Set(rounds.map(({ planKind }) => planKind))], ["nothing"]);
    assert.equal((await records()).length, before);
    const quiet = someAvg10();
    // What is over memory.high sleeps for each new page: it stalls, and leaves the machine to the others.
    const own = { requests: { memory: "64Mi" } };
    node.write(
      "stalled.yaml",
      podWith("stalled", "while true; do dd if=/dev/zero of=/dev/null bs=32M count=1; done", own),
    );
    const { metadata } = await node.untilPod("stalled", "runs", isRunning);
    writeFileSync(
      `/sys/fs/cgroup${node.cgroupRoot}/kubepods/burstable/pod${metadata?.uid}/memory.high`,
      String(8 * MiB),
    );
    await evicted("hog");
    t.diagnostic(`some avg10 ${quiet} before, ${someAvg10()} when the hog was gone`);
    const stalled = await node.pod("stalled");
    assert.equal(stalled && statusOf(stalled)?.restartCount, 0);
    await removed("stalled");
    await removed("hog");
  });
});

function thresholdOf(kubelet: Readonly<Record<string, unknown>>): string {
  return (kubelet["evictionHard"] as Readonly<Record<string, string>>)["memory.available"] ?? "";
}

function someAvg10(): number {
  return Number(/^some avg10=([\d.]+)/.exec(readFileSync("/proc/pressure/memory", "utf8"))?.[1]);
}
