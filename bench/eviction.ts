/**
 * A hog grows at 400 MB/s: how long from the moment at which the threshold is crossed until it is dead, and how far below
 * the threshold memory falls. The floor watches the same figures in a tight loop and stops a container of its own bare.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../src/core/api/types.ts";
import { createSystemClock } from "../src/host/clock/system-clock.ts";
import { createStats } from "../src/host/stats/create-stats.ts";
import { AgentNode, containerIdOf } from "../test/support/agent-node.ts";
import { hogPod, nodeAvailableBytes } from "../test/support/memory-hog.ts";
import { round, startRawPod, summary } from "./support.ts";

const ROUNDS = 20;
const ROOM_MIB = 500;
const MiB = 1024 ** 2;
const HOG = { mib: 3_000, mibPerSecond: 400 };

interface Sample {
  readonly deadAfterMs: number;
  readonly overshootMib: number;
}

/** Samples memory until `isDead`; calls `onCrossed` once when less than `thresholdBytes` is available. */
async function watch(thresholdBytes: number, isDead: () => boolean, onCrossed: () => void): Promise<Sample> {
  const stats = await createStats({ clock: createSystemClock() });
  const { totalBytes = 0 } = stats.machine("memory").memory ?? {};
  const available = () => totalBytes - (stats.cgroup({ path: "/", parts: ["memory"] })?.memory?.workingSetBytes ?? 0);
  let crossedAt: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const limit = performance.now() + 60_000; performance.now() < limit; await sleep(2)) {
    const now = available();
    least = Math.min(least, now);
    if (now < thresholdBytes && crossedAt === undefined) {
      crossedAt = performance.now();
      onCrossed();
    }
    if (crossedAt !== undefined && isDead()) {
      return { deadAfterMs: performance.now() - crossedAt, overshootMib: (thresholdBytes - least) / MiB };
    }
  }
  throw new Error("the threshold was not crossed, or nobody died");
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

export async function evictionFigures(): Promise<unknown> {
  const thresholdBytes = Math.floor((await nodeAvailableBytes()) / MiB - ROOM_MIB) * MiB;
  const node = new AgentNode({
    bridge: "tskbench1",
    kubelet: {
      evictionHard: { "memory.available": String(thresholdBytes) },
      evictionPressureTransitionPeriod: "1s",
    },
  });
  try {
    await node.start();
    const agent: Sample[] = [];
    const floor: Sample[] = [];
    for (let i = 0; i < ROUNDS; i += 1) {
      floor.push(await floorRound(node, thresholdBytes, i));
      agent.push(await agentRound(node, thresholdBytes, i));
    }
    const figures = (samples: readonly Sample[]) => ({
      deadAfterMs: summary(samples.map(({ deadAfterMs }) => deadAfterMs)),
      overshootMib: summary(samples.map(({ overshootMib }) => overshootMib)),
    });
    return { rounds: ROUNDS, mibPerSecond: HOG.mibPerSecond, agent: figures(agent), floor: figures(floor) };
  } finally {
    await node.close();
  }
}

async function agentRound(node: AgentNode, thresholdBytes: number, index: number): Promise<Sample> {
  const name = `hog-${index}`;
  node.write("hog.yaml", hogPod(name, HOG));
  const pod = await node.untilPod(name, "has started", started);
  const pid = node.processOf(containerIdOf(pod));
  const sample = await watch(
    thresholdBytes,
    () => isGone(pid),
    () => {},
  );
  node.remove("hog.yaml");
  await node.untilGone(name);
  await untilFree(thresholdBytes);
  console.error(`eviction ${index}: ${round(sample.deadAfterMs)} ms, ${round(sample.overshootMib)} MiB`);
  return sample;
}

function started({ status }: Pod): boolean {
  return status?.containerStatuses?.[0]?.state?.running !== undefined;
}

async function floorRound(node: AgentNode, thresholdBytes: number, index: number): Promise<Sample> {
  const [container] = hogPod("floor", HOG).spec?.containers ?? [];
  const { runtime } = node.cri;
  const raw = await startRawPod(node.cri, `floor-hog-${index}`, `${node.cgroupRoot}/bench`, node.logDir, {
    command: container?.command ?? [],
    mounts: [{ hostPath: "/", containerPath: "/machine", readonly: true }],
  });
  const pid = node.processOf(raw.containerId);
  const sample = await watch(
    thresholdBytes,
    () => isGone(pid),
    () => void runtime.stopContainer(raw.containerId, 0),
  );
  await runtime.stopPodSandbox(raw.sandboxId);
  await runtime.removePodSandbox(raw.sandboxId);
  await untilFree(thresholdBytes);
  return sample;
}

/** The next round begins with the room that the first one had. */
async function untilFree(thresholdBytes: number): Promise<void> {
  for (let tries = 0; tries < 100 && (await nodeAvailableBytes()) < thresholdBytes + 300 * MiB; tries += 1)
    await sleep(100);
  await sleep(1_500);
}
