/** Pressure on a machine with cgroup v2 alone: memory, disk, the limit of a pod; and how fast the agent is there. */
import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { EvictionRecord } from "../../../src/core/eviction/record.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, statusOf } from "../../support/agent-node.ts";
import { hogPod, isGone, nodeAvailableBytes, watchHog } from "../../support/memory-hog.ts";
import { podWith } from "./agent-pods.ts";

const MiB = 1024 ** 2;
const ROOM_MIB = 250;
const DISK_MIB = 300;

describe("the agent under pressure on cgroup v2", { concurrency: 1 }, () => {
  let node: AgentNode;
  let thresholdBytes = 0;
  before(async () => {
    node = new AgentNode({ bridge: "tskvme0" });
    // A small filesystem of its own, in memory: its files stay below the room that memory has.
    mkdirSync(node.rootDir);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", node.rootDir]);
    await node.start();
    node.write("quiet.yaml", podWith("quiet", SLEEP, {}));
    await node.untilPod("quiet", "runs", isRunning);
    // What agent, runtime and images take is taken by now.
    thresholdBytes = Math.floor((await nodeAvailableBytes()) / MiB - ROOM_MIB) * MiB;
    await node.end("SIGTERM");
    node.configure({
      kubelet: {
        evictionHard: { "memory.available": String(thresholdBytes), "nodefs.available": "180Mi" },
        volumeStatsAggPeriod: "5s",
        evictionPressureTransitionPeriod: "2s",
      },
    });
    await node.start();
  });
  after(() => node.close());

  const evicted = (name: string) => node.untilPod(name, "is evicted", ({ status }) => status?.reason === "Evicted");
  const lastRecord = async () => {
    const { items } = (await node.get("/tskubelet/v1/evictions")) as { readonly items: readonly EvictionRecord[] };
    return items.at(-1);
  };

  it("kills the hog and nobody else, and says how fast", async (t) => {
    node.write("hog.yaml", hogPod("hog", { mib: 500, mibPerSecond: 100 }));
    const pod = await node.untilPod("hog", "has started", (each) => statusOf(each)?.state?.running !== undefined);
    const pid = node.processOf(containerIdOf(pod));
    const sample = await watchHog(
      thresholdBytes,
      () => isGone(pid),
      () => {},
      300_000,
    );
    t.diagnostic(
      `dead ${sample.deadAfterMs.toFixed(0)} ms after the threshold, ${sample.overshootMib.toFixed(0)} MiB below it`,
    );
    await evicted("hog");
    const record = await lastRecord();
    assert.equal(record?.victim.name, "hog");
    assert.ok(record.trace.memory?.memAvailableBytes !== undefined, "the kernel's own estimate stands beside it");
    const { status } = await node.untilPod("quiet", "runs", isRunning);
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
    node.remove("hog.yaml");
    await node.untilGone("hog");
  });

  it("evicts who fills the disk", async () => {
    const script = `dd if=/dev/zero of=/data/big bs=1M count=120; ${SLEEP}`;
    const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
    const spec = {
      volumes: [{ name: "data", emptyDir: {} }],
      containers: [{ ...container, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
    };
    node.write("filler.yaml", podWith("filler", "", {}, spec));
    const { status } = await evicted("filler");
    assert.match(status?.message ?? "", /^The node was low on resource: ephemeral-storage\. /);
    const quiet = await node.untilPod("quiet", "runs", isRunning);
    assert.equal(quiet.status?.containerStatuses?.[0]?.restartCount, 0);
    node.remove("filler.yaml");
    await node.untilGone("filler");
    // Whoever comes earlier is refused.
    await node.until("the pressure is over", async () => {
      const { conditions } = (await node.get("/tskubelet/v1/pressure")) as { readonly conditions: readonly string[] };
      return conditions.length === 0;
    });
  });

  it("leaves a pod to the kernel that is over its own limit, and sees it", async () => {
    const limits = { limits: { memory: "16Mi" } };
    node.write(
      "own.yaml",
      podWith("own", "dd if=/dev/zero of=/dev/null bs=64M count=1", limits, { restartPolicy: "Never" }),
    );
    const own = await node.untilPod("own", "has failed", ({ status }) => status?.phase === "Failed");
    assert.equal(statusOf(own)?.state?.terminated?.reason, "OOMKilled");
    assert.notEqual((await lastRecord())?.victim.name, "own");
    node.remove("own.yaml");
    await node.untilGone("own");
  });
});
