/** Disks, inodes and process IDs run short on a real machine, each on small filesystems of the test's own. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { importImage } from "../../src/host/images/image-import.ts";
import { buildOciImage } from "../../src/host/images/oci-image.ts";
import { AgentNode, isRunning, SLEEP, shellPod } from "../support/agent-node.ts";
import { type LoopDisk, makeLoopDisk } from "../support/loop-disk.ts";

const UNUSED = "localhost/tskubelet/unused:1";
const UNUSED_MIB = 120;
/** Process IDs that may be taken until the threshold is passed. */
const ROOM_PIDS = 800;

function freePids(): number {
  const read = (path: string) => readFileSync(path, "utf8").trim();
  const most = Math.min(Number(read("/proc/sys/kernel/pid_max")), Number(read("/proc/sys/kernel/threads-max")));
  return most - Number(/\/(\d+) /.exec(read("/proc/loadavg"))?.[1]);
}

describe("a node that runs short of disk", { concurrency: 1 }, () => {
  let node: AgentNode;
  const disks: LoopDisk[] = [];
  before(async () => {
    node = new AgentNode({
      bridge: "tskevd0",
      kubelet: {
        evictionHard: {
          "nodefs.available": "100Mi",
          "nodefs.inodesFree": "2000",
          "imagefs.available": "200Mi",
          "pid.available": String(freePids() - ROOM_PIDS),
        },
        evictionPressureTransitionPeriod: "1s",
        volumeStatsAggPeriod: "2s",
        imageMinimumGCAge: "1s",
      },
    });
    const disk = (name: string, mountPoint: string, mib: number, inodes: number) =>
      disks.push(makeLoopDisk({ file: join(node.base, name), mountPoint, mib, inodes }));
    disk("nodefs.img", node.rootDir, 400, 8_000);
    disk("imagefs.img", join(node.rootDir, "containerd"), 700, 20_000);
    await node.start();
    await importUnusedImage();
    // An image must have been seen for its least age before it may go; an agent that starts looks at once.
    await node.end("SIGTERM");
    await node.start();
    node.write("quiet.yaml", shellPod("quiet", SLEEP));
    await node.untilPod("quiet", "runs", isRunning);
  });
  after(async () => {
    try {
      await node.close();
    } finally {
      for (const disk of disks.reverse()) disk.remove();
    }
  });

  const importUnusedImage = async () => {
    const content = Buffer.alloc(UNUSED_MIB * 1024 ** 2, "x");
    const image = buildOciImage(UNUSED, [{ path: "big", kind: "file", mode: 0o644, content }], {});
    const socketPath = join(node.rootDir, "containerd/containerd.sock");
    await importImage({ socketPath, images: node.cri.images, clock: createSystemClock() }, image);
  };
  const evicted = (name: string) =>
    node.untilPod(name, "is evicted", ({ status }) => status?.reason === "Evicted", 90_000);
  const reasons = async () => (await node.events()).map(({ reason }) => reason);
  const untilCalm = async () => {
    const isCalm = async () => {
      const { items } = (await node.get("/api/v1/nodes")) as {
        readonly items: readonly { readonly status: { readonly conditions: readonly NodeCondition[] } }[];
      };
      const conditions = items[0]?.status.conditions ?? [];
      return conditions.length > 0 && conditions.every(({ type, status }) => type === "Ready" || status === "False");
    };
    await node.until("the pressure is over", isCalm, 60_000);
  };
  interface NodeCondition {
    readonly type: string;
    readonly status: string;
  }
  const quietIsUntouched = async () => {
    const { status } = await node.untilPod("quiet", "runs", isRunning);
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
  };
  const gone = async (name: string) => {
    node.remove(`${name}.yaml`);
    await node.untilGone(name);
    await untilCalm();
  };

  it("removes unused images first, then evicts who writes into its container", async () => {
    const has = async () => (await node.cri.images.imageStatus({ image: UNUSED })) !== undefined;
    assert.ok(await has());
    const write =
      "i=0; while [ $i -lt 110 ]; do dd if=/dev/urandom of=/f$i bs=1M count=5 2>/dev/null; i=$((i+1)); sleep 0.2; done";
    node.write("writer.yaml", shellPod("writer", `${write}; ${SLEEP}`));
    await node.until("the unused image goes", async () => !(await has()), 90_000);
    const running = await node.pod("writer");
    assert.equal(running?.status?.phase, "Running", "nobody is evicted while an image can go");
    const { status } = await evicted("writer");
    assert.match(status?.message ?? "", /^The node was low on resource: ephemeral-storage\. /);
    await quietIsUntouched();
    assert.ok((await reasons()).includes("NodeHasDiskPressure"));
    await gone("writer");
  });

  it("evicts who fills the node's disk with an emptyDir, and refuses new pods meanwhile", async () => {
    const volume = { volumes: [{ name: "data", emptyDir: {} }] };
    const write = "dd if=/dev/zero of=/data/big bs=1M count=320";
    node.write("filler.yaml", shellPod("filler", "", withVolume(`${write}; ${SLEEP}`, volume)));
    const { status } = await evicted("filler");
    assert.match(status?.message ?? "", /Container main was using|The node was low on resource: ephemeral-storage/);
    await quietIsUntouched();
    await gone("filler");
  });

  it("evicts who takes the inodes", async () => {
    const write = "i=0; while [ $i -lt 7000 ]; do : > /data/$i; i=$((i+1)); done";
    const volume = { volumes: [{ name: "data", emptyDir: {} }] };
    node.write("inodes.yaml", shellPod("inodes", "", withVolume(`${write}; ${SLEEP}`, volume)));
    const { status } = await evicted("inodes");
    assert.match(status?.message ?? "", /^The node was low on resource: inodes\. /);
    await quietIsUntouched();
    await gone("inodes");
  });

  it("evicts a pod whose emptyDir is larger than it may be", async () => {
    const write = "dd if=/dev/zero of=/data/big bs=1M count=20";
    const volume = { volumes: [{ name: "data", emptyDir: { sizeLimit: "10Mi" } }] };
    node.write("greedy.yaml", shellPod("greedy", "", withVolume(`${write}; ${SLEEP}`, volume)));
    const { status } = await evicted("greedy");
    assert.equal(status?.message, 'Usage of EmptyDir volume "data" exceeds the limit "10Mi". ');
    await quietIsUntouched();
    await gone("greedy");
  });

  it("evicts who takes the process IDs", async () => {
    const fork = `i=0; while [ $i -lt ${ROOM_PIDS + 400} ]; do sleep 1000 & i=$((i+1)); done; wait`;
    node.write("forks.yaml", shellPod("forks", fork));
    const { status } = await evicted("forks");
    assert.match(status?.message ?? "", /^The node was low on resource: pids\. /);
    await quietIsUntouched();
    assert.ok((await reasons()).includes("NodeHasInsufficientPID"));
    await gone("forks");
  });
});

function withVolume(script: string, spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const container = {
    name: "main",
    image: "localhost/tskubelet/busybox:1",
    imagePullPolicy: "Never",
    command: ["sh", "-c", script],
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  };
  return { ...spec, containers: [container] };
}
