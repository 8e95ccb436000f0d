import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, ResourceRequirements } from "../api/types.ts";
import {
  enforcedAllocatable,
  nodeAllocatable,
  nodeCapacity,
  nodeReservation,
  type Reservations,
  reservationError,
} from "./node-allocatable.ts";
import { nodeCgroups } from "./node-cgroups.ts";
import { qosTree } from "./qos-tree.ts";

const CAPACITY = nodeCapacity({
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  hugePages: [{ pageSizeBytes: 2 * 1024 ** 2, count: 256 }],
  ephemeralStorageBytes: 100 * 1024 ** 3,
  maxPods: 110,
  podsPerCore: 10,
});
const RESERVATIONS: Reservations = {
  systemReserved: { cpu: "500m", memory: "1Gi" },
  kubeReserved: { cpu: "250m", memory: "512Mi", pid: "100" },
  evictionHard: { "memory.available": "100Mi", "nodefs.available": "10%", "imagefs.available": "15%" },
};

describe("node allocatable", () => {
  it("starts from the machine's capacity, pods at most podsPerCore per CPU", () => {
    assert.deepEqual(CAPACITY, {
      cpu: "4",
      memory: "8Gi",
      "hugepages-2Mi": "512Mi",
      "ephemeral-storage": "100Gi",
      pods: "40",
    });
  });

  it("reserves for system, Kubernetes and hard eviction, of known resources alone", () => {
    assert.deepEqual(nodeReservation(CAPACITY, RESERVATIONS), {
      cpu: "750m",
      memory: "1636Mi",
      // 10 % in single precision, as Kubernetes computes it.
      "ephemeral-storage": "10737418400",
    });
  });

  it("takes reservations and huge pages from what pods may request", () => {
    const allocatable = nodeAllocatable(CAPACITY, RESERVATIONS);
    assert.equal(allocatable["cpu"], "3250m");
    assert.equal(allocatable["memory"], "6044Mi");
    assert.equal(allocatable["hugepages-2Mi"], "512Mi");
    assert.equal(allocatable["pods"], "40");
  });

  it("enforces on the cgroup of pods what is reserved, without eviction thresholds", () => {
    const enforced = enforcedAllocatable(CAPACITY, RESERVATIONS);
    assert.equal(enforced["memory"], "6656Mi");
    assert.equal(enforced["ephemeral-storage"], "100Gi");
  });

  it("never goes below zero, and says why reservations do not fit", () => {
    const tooMuch = { systemReserved: { memory: "9Gi", cpu: "5" } };
    assert.equal(nodeAllocatable(CAPACITY, tooMuch)["memory"], "0");
    assert.equal(
      reservationError(CAPACITY, tooMuch),
      'invalid Node Allocatable configuration. Resource "cpu" has a reservation of 5 but capacity of 4. Expected capacity >= reservation. ' +
        'Resource "memory" has a reservation of 9Gi but capacity of 8Gi. Expected capacity >= reservation.',
    );
    assert.equal(reservationError(CAPACITY, RESERVATIONS), undefined);
  });

  it("takes thresholds of 0 % and 100 % for none", () => {
    const none = { evictionHard: { "memory.available": "0%", "nodefs.available": "100%" } };
    assert.deepEqual(nodeReservation(CAPACITY, none), {});
  });
});

describe("cgroups above pods", () => {
  const input = {
    capacity: { ...CAPACITY, pid: "4194304" },
    reservations: RESERVATIONS,
    systemReservedCgroup: "/system",
    kubeReservedCgroup: "/kube",
    hugePageSizes: ["2MB", "1GB"],
  };

  it("limit all pods to what is not reserved where pods are enforced, else to the node", () => {
    assert.deepEqual(nodeCgroups({ ...input, enforce: ["pods"] }).kubepods, {
      memoryLimitBytes: 6656 * 1024 ** 2,
      cpuShares: 3328,
      pidsLimit: 4_194_204,
      hugePageLimits: { "2MB": 512 * 1024 ** 2, "1GB": 0 },
    });
    assert.equal(nodeCgroups({ ...input, enforce: [] }).kubepods.memoryLimitBytes, 8 * 1024 ** 3);
  });

  it("limit the daemons' cgroups only where asked to, each to its own reservation", () => {
    const { reserved } = nodeCgroups({ ...input, hugePageSizes: [], enforce: ["kube-reserved", "system-reserved"] });
    assert.deepEqual(reserved, [
      { kind: "system-reserved", cgroup: "/system", limits: { memoryLimitBytes: 1024 ** 3, cpuShares: 512 } },
      {
        kind: "kube-reserved",
        cgroup: "/kube",
        limits: { memoryLimitBytes: 512 * 1024 ** 2, cpuShares: 256, pidsLimit: 100 },
      },
    ]);
  });
});

describe("QoS tree", () => {
  function pod(resources: ResourceRequirements): Pod {
    return { metadata: { name: "p" }, spec: { containers: [{ name: "c", resources }] } };
  }
  const guaranteed = pod({
    limits: { cpu: "1", memory: "1Gi" },
    requests: { cpu: "1", memory: "1Gi" },
  });
  const burstable = pod({ requests: { cpu: "250m", memory: "100Mi" } });
  const pods = [guaranteed, burstable, burstable, pod({})];

  it("weighs burstable pods by what they request together, best effort ones least", () => {
    assert.deepEqual(qosTree({ pods, hugePageSizes: [] }), {
      kubepods: {},
      burstable: { cpuShares: 512 },
      bestEffort: { cpuShares: 2 },
    });
    assert.equal(qosTree({ pods: [], hugePageSizes: [] }).burstable.cpuShares, 2);
  });

  it("leaves huge pages to the pods' own limits", () => {
    const tree = qosTree({ pods, hugePageSizes: ["2MB"] });
    for (const { hugePageLimits } of [tree.kubepods, tree.burstable, tree.bestEffort]) {
      assert.deepEqual(hugePageLimits, { "2MB": 2 ** 62 });
    }
  });

  it("protects requested memory with memory QoS, guaranteed and burstable together at the top", () => {
    const tree = qosTree({ pods, hugePageSizes: [], memoryQos: true });
    assert.deepEqual(tree.kubepods.unified, { "memory.min": String(1224 * 1024 ** 2) });
    assert.deepEqual(tree.burstable.unified, { "memory.min": String(200 * 1024 ** 2) });
    assert.equal(tree.bestEffort.unified, undefined);
  });

  it("keeps a part of requested memory from lower classes where configured", () => {
    const tree = qosTree({ pods, hugePageSizes: [], memoryReservedPercent: 50, allocatableMemoryBytes: 4 * 1024 ** 3 });
    assert.equal(tree.burstable.memoryLimitBytes, 3584 * 1024 ** 2);
    assert.equal(tree.bestEffort.memoryLimitBytes, 3484 * 1024 ** 2);
  });
});
