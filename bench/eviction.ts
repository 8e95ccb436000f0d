/**
 * A hog grows at 400 MB/s: how long from the moment at which the threshold is crossed until it is dead, and how far below
 * the threshold memory falls. The floor watches the same figures in a tight loop and stops a container of its own bare.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../src/core/api/types.ts";
import { AgentNode, containerIdOf } from "../test/support/agent-node.ts";
import { type HogSample, hogPod, isGone, nodeAvailableBytes, watchHog } from "../test/support/memory-hog.ts";
import { round, startRawPod, summary } from "./support.ts";

const ROUNDS = 20;
const ROOM_MIB = 500;
const MiB = 1024 ** 2;
const HOG = { mib: 3_000, mibPerSecond: 400 };

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
    const agent: HogSample[] = [];
    const floor: HogSample[] = [];
    for (let i = 0; i < ROUNDS; i += 1) {
      floor.push(await floorRound(node, thresholdBytes, i));
      agent.push(await agentRound(node, thresholdBytes, i));
    }
    const figures = (samples: readonly HogSample[]) => ({
      deadAfterMs: summary(samples.map(({ deadAfterMs }) => deadAfterMs)),
      overshootMib: summary(samples.map(({ overshootMib }) => overshootMib)),
    });
    return { rounds: ROUNDS, mibPerSecond: HOG.mibPerSecond, agent: figures(agent), floor: figures(floor) };
  } finally {
    await node.close();
  }
}

async function agentRound(node: AgentNode, thresholdBytes: number, index: number): Promise<HogSample> {
  const name = `hog-${index}`;
  node.write("hog.yaml", hogPod(name, HOG));
  const pod = await node.untilPod(name, "has started", started);
  const pid = node.processOf(containerIdOf(pod));
  const sample = await watchHog(
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

async function floorRound(node: AgentNode, thresholdBytes: number, index: number): Promise<HogSample> {
  const [container] = hogPod("floor", HOG).spec?.containers ?? [];
  const { runtime } = node.cri;
  const raw = await startRawPod(node.cri, `floor-hog-${index}`, `${node.cgroupRoot}/bench`, node.logDir, {
    command: container?.command ?? [],
    mounts: [{ hostPath: "/", containerPath: "/machine", readonly: true }],
  });
  const pid = node.processOf(raw.containerId);
  const sample = await watchHog(
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
