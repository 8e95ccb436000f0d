import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionNode } from "../../../test/support/eviction-node.ts";
import type { Pod, PodSpec } from "../api/types.ts";
import type { PodStats } from "../stats/summary.ts";
import { evictablePod } from "./evictable-pod.ts";

const KI = 1024;

function podOf(uid: string, spec: PodSpec, metadata: Pod["metadata"] = {}): Pod {
  return { metadata: { ...metadata, uid, name: uid, namespace: "d" }, spec };
}

function messages(node: EvictionNode, pods: readonly Pod[], stats: readonly Omit<PodStats, "podRef">[]) {
  const named = stats.map((one, i) => ({
    ...one,
    podRef: { uid: pods[i]?.metadata?.uid ?? "", name: "", namespace: "" },
  }));
  const { plan } = node.step(
    { atSeconds: 0 },
    { activePods: pods.map(evictablePod), summary: { node: {}, pods: named } },
  );
  return plan.kind === "evict" ? plan.victims.map(({ message }) => message) : [];
}

const limited = (limit: string) => ({ resources: { limits: { "ephemeral-storage": limit } } });
const scratch: PodSpec = { containers: [{ name: "c" }], volumes: [{ name: "v", emptyDir: { sizeLimit: "1Ki" } }] };
const limits: PodSpec = {
  containers: [{ name: "a", ...limited("1Ki") }, { name: "b", ...limited("3Ki") }, { name: "free" }],
  initContainers: [{ name: "i", ...limited("2Ki") }],
};

test("an emptyDir over its size limit evicts, one at it does not", () => {
  const node = new EvictionNode({ evictionHard: {} });
  assert.deepEqual(messages(node, [podOf("p", scratch)], [{ volume: [{ name: "v", usedBytes: KI }] }]), []);
  assert.deepEqual(messages(node, [podOf("p", scratch)], [{ volume: [{ name: "v", usedBytes: KI + 1 }] }]), [
    'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ',
  ]);
});

test("the sum of the limits is set against the whole pod", () => {
  const node = new EvictionNode({ evictionHard: {} });
  const used = (bytes: number) => [{ "ephemeral-storage": { usedBytes: bytes } }];
  assert.deepEqual(messages(node, [podOf("p", limits)], used(4 * KI)), []);
  assert.deepEqual(messages(node, [podOf("p", limits)], used(4 * KI + 1)), [
    "Pod ephemeral local storage usage exceeds the total limit of containers 4Ki. ",
  ]);
});

test("a container's limit sees logs and writable layer, the logs alone where layers are elsewhere", () => {
  const stats = [{ containers: [{ name: "a", logs: { usedBytes: 600 }, rootfs: { usedBytes: 600 } }] }];
  assert.deepEqual(messages(new EvictionNode({ evictionHard: {} }), [podOf("p", limits)], stats), [
    'Container a exceeded its local ephemeral storage limit "1Ki". ',
  ]);
  assert.deepEqual(
    messages(new EvictionNode({ evictionHard: {} }, {}, "DedicatedImages"), [podOf("p", limits)], stats),
    [],
  );
});

test("all pods over a limit go at once, critical ones stay, and thresholds wait", () => {
  const node = new EvictionNode({ evictionHard: { "memory.available": "1Gi" } });
  const over = { volume: [{ name: "v", usedBytes: 2 * KI }] };
  const critical = podOf("critical", scratch, { annotations: { "kubernetes.io/config.mirror": "x" } });
  const { plan, trace } = node.step(
    { atSeconds: 0, availableMi: 1 },
    {
      activePods: [podOf("one", scratch), critical, podOf("two", scratch)].map(evictablePod),
      summary: {
        node: { memory: { availableBytes: 1, workingSetBytes: 1 } },
        pods: ["one", "critical", "two"].map((uid) => ({ ...over, podRef: { uid, name: uid, namespace: "d" } })),
      },
    },
  );
  assert.deepEqual(plan.kind === "evict" && [plan.cause, plan.victims.map(({ uid }) => uid)], [
    "LocalStorage",
    ["one", "two"],
  ]);
  assert.deepEqual([plan.nodeEvents, trace.picked, node.state.conditions], [[], undefined, ["MemoryPressure"]]);
});
