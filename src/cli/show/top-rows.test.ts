import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodStats } from "../../core/stats/summary.ts";
import { topNodeRows, topPodRows } from "./top-rows.ts";

const Mi = 1024 ** 2;

function pod(name: string, memory: PodStats["memory"]): PodStats {
  return {
    podRef: { name, namespace: "default", uid: name },
    cpu: { usageNanoCores: 2_500_000 },
    ...(memory && { memory }),
    "ephemeral-storage": { usedBytes: 3 * Mi },
    containers: [
      { name: "main", memory: { workingSetBytes: 5 * Mi }, rootfs: { usedBytes: Mi }, logs: { usedBytes: 2 * Mi } },
    ],
  };
}

const small = pod("small", {
  workingSetBytes: 10 * Mi,
  usageBytes: 15 * Mi,
  rssBytes: 8 * Mi,
  availableBytes: 30 * Mi,
});
const large = pod("large", { workingSetBytes: 90 * Mi });

test("pods that use most come first; what was not observed is said to be unknown, not zero", () => {
  assert.deepEqual(topPodRows([small, large, pod("blind", undefined)], { withNamespace: false, containers: false }), [
    ["NAME", "CPU(cores)", "MEMORY(bytes)", "RSS", "CACHE", "LIMIT%", "DISK"],
    ["large", "3m", "90Mi", "<unknown>", "<unknown>", "-", "3Mi"],
    ["small", "3m", "10Mi", "8Mi", "7Mi", "25%", "3Mi"],
    ["blind", "3m", "<unknown>", "<unknown>", "<unknown>", "-", "3Mi"],
  ]);
});

test("containers have a row each", () => {
  assert.deepEqual(topPodRows([small], { withNamespace: true, containers: true }), [
    ["NAMESPACE", "POD", "NAME", "CPU(cores)", "MEMORY(bytes)", "RSS", "CACHE", "LIMIT%", "DISK"],
    ["default", "small", "main", "<unknown>", "5Mi", "<unknown>", "<unknown>", "-", "3Mi"],
  ]);
});

test("the node has its capacity from what is used and what is available", () => {
  const [, row] = topNodeRows({
    node: {
      nodeName: "n",
      cpu: { usageNanoCores: 5e8 },
      memory: { workingSetBytes: 250 * Mi, availableBytes: 750 * Mi, rssBytes: 100 * Mi },
      fs: { capacityBytes: 1000, availableBytes: 400 },
      rlimit: { curproc: 120, maxpid: 1000 },
    },
  });
  assert.deepEqual(row, ["n", "500m", "250Mi", "25%", "100Mi", "750Mi", "60%", "120"]);
});
