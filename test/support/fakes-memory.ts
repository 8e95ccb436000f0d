/** Memory of a fake node, as a test writes it: who uses how much, and an agent that has a threshold. */
import type { Pod } from "../../src/core/api/types.ts";
import type { EvictionFields, EvictionPolicy } from "../../src/core/eviction/index.ts";
import { qosClass } from "../../src/core/pod/qos.ts";
import { FakeNode } from "./fakes-agent.ts";

const MiB = 1024 ** 2;
const CAPACITY_BYTES = 1000 * MiB;

/** At least 200 of the node's 1000 MiB are to be available. */
export const MEMORY_FIELDS: EvictionFields = {
  evictionHard: { "memory.available": "200Mi" },
  evictionPressureTransitionPeriod: "30s",
  enforceNodeAllocatable: [],
};

/** A node whose agent looks every 10 s. */
export function nodeWithEviction(fields: EvictionFields, policy: Partial<EvictionPolicy> = {}): FakeNode {
  return new FakeNode({ eviction: { fields, policy, periodMs: 10_000 } });
}

/** `usedMib` by pod; the node uses what they use together. */
export function setMemory(node: FakeNode, usedMib: ReadonlyMap<Pod, number>): void {
  let total = 0;
  for (const [pod, mib] of usedMib) {
    total += mib;
    const path = node.cgroups.runtimePath(["kubepods", qosClass(pod).toLowerCase(), `pod${pod.metadata?.uid}`]);
    node.stats.cgroupFigures.set(path, { memory: memory(mib * MiB) });
  }
  node.stats.machineFigures = { memory: { totalBytes: CAPACITY_BYTES, availableBytes: CAPACITY_BYTES - total * MiB } };
  node.stats.cgroupFigures.set("/", { memory: memory(total * MiB) });
}

function memory(bytes: number) {
  return { usageBytes: bytes, workingSetBytes: bytes, inactiveFileBytes: 0 };
}
