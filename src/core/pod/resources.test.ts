import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Container, Pod, PodSpec, ResourceList } from "../api/types.ts";
import { containerOomScoreAdj } from "./oom-score.ts";
import { qosClass } from "./qos.ts";
import { podRequest, podResources, toResourceList } from "./resources.ts";
import { podCgroupConfig, podCgroupResources } from "./resources-cgroup.ts";
import { containerLinuxResources, overheadLinuxResources, sandboxLinuxResources } from "./resources-cri.ts";

const GIB = 1024 ** 3;

function container(name: string, requests: ResourceList, limits: ResourceList = {}): Container {
  return { name, resources: { requests, limits } };
}

function sidecar(name: string, requests: ResourceList): Container {
  return { ...container(name, requests), restartPolicy: "Always" };
}

function pod(spec: PodSpec): Pod {
  return { metadata: { name: "p", uid: "1" }, spec };
}

function requestsOf(spec: PodSpec): ResourceList {
  return toResourceList(podResources(pod(spec)).requests);
}

describe("pod resources", () => {
  it("count a sidecar with the regular containers", () => {
    const spec = { containers: [container("a", { cpu: "1" })], initContainers: [sidecar("s", { cpu: "500m" })] };
    assert.deepEqual(requestsOf(spec), { cpu: "1500m" });
    assert.equal(podRequest(pod(spec), "cpu"), 1500);
  });

  it("count an init container together with the sidecars started before it, not after", () => {
    const init = container("i", { memory: "2Gi" });
    const containers = [container("a", { memory: "1Gi" })];
    const side = sidecar("s", { memory: "512Mi" });
    const before = { containers, initContainers: [side, init] };
    const after = { containers, initContainers: [init, side] };
    assert.deepEqual(requestsOf(before), { memory: "2560Mi" });
    assert.deepEqual(requestsOf(after), { memory: "2Gi" });
    assert.deepEqual(
      [before, after].map((spec) => podRequest(pod(spec), "memory")),
      [2.5 * GIB, 2 * GIB],
    );
  });

  it("give the same request by the short way and by the exact one", () => {
    const plain = pod({ containers: [container("a", { memory: "1.5Gi" }), container("b", {})] });
    const exact = pod({ ...plain.spec, containers: plain.spec?.containers ?? [], overhead: { memory: "0" } });
    assert.equal(podRequest(plain, "memory"), 1.5 * GIB);
    assert.equal(podRequest(exact, "memory"), 1.5 * GIB);
    assert.equal(podRequest(pod({ containers: [container("a", { memory: "0.5" })] }), "memory"), 1);
    assert.equal(podRequest(plain, "pods"), 1);
  });

  it("survive a pod without a spec, and fields that JSON says are null", () => {
    const nulls: Pod = JSON.parse('{"spec":{"containers":[{"resources":null}],"initContainers":null,"overhead":null}}');
    for (const empty of [{}, nulls]) {
      assert.equal(qosClass(empty), "BestEffort");
      assert.equal(podRequest(empty, "memory"), 0);
      assert.deepEqual(requestsOf(empty.spec ?? { containers: [] }), {});
      assert.deepEqual(overheadLinuxResources(empty, { cpuCfsQuota: true }), {});
    }
  });

  it("read quantities with space around them, as the API does", () => {
    assert.deepEqual(requestsOf({ containers: [container("a", { memory: " 1Gi\n" })] }), { memory: "1Gi" });
  });
});

describe("OOM score", () => {
  it("of a sidecar is at most that of the regular container that asks for the least memory", () => {
    const side = sidecar("s", { memory: "100Mi" });
    const twoRegular = [container("a", { memory: "2Gi" }), container("b", { memory: "1Gi" })];
    const of = (initContainer: Container): number =>
      containerOomScoreAdj(pod({ containers: twoRegular, initContainers: [initContainer] }), initContainer, 8 * GIB);
    assert.equal(of(side), 875);
    assert.equal(of(sidecar("s", { memory: "4Gi" })), 500);
    assert.equal(of(container("i", { memory: "100Mi" })), 988);
  });

  it("does not fail on a node whose memory is not known", () => {
    const spec = { containers: [container("a", { memory: "1Gi" })] };
    assert.equal(containerOomScoreAdj(pod(spec), container("a", { memory: "1Gi" }), 0), 999);
  });
});

describe("the pod's cgroup", () => {
  const resources = { cpu: "500m", memory: "1Gi", "hugepages-2Mi": "4Mi" };
  const guaranteed = pod({ containers: [container("a", resources, resources)] });

  it("gets quotas for another period only with the gate on", () => {
    const options = { enforceCpuLimits: true, cpuPeriodUs: 20_000 };
    assert.equal(podCgroupConfig(guaranteed, options).cpuQuotaUs, 50_000);
    assert.equal(podCgroupConfig(guaranteed, { ...options, customCpuPeriod: true }).cpuQuotaUs, 10_000);
  });

  it("is written with process limit, huge pages by name and memory QoS where they are on", () => {
    const options = { enforceCpuLimits: true, memoryQos: true, podPidsLimit: 64, hugePageSizes: ["2MB", "1GB"] };
    assert.deepEqual(podCgroupResources(guaranteed, options), {
      cpuShares: 512,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 100_000,
      memoryLimitBytes: GIB,
      unified: { "memory.min": String(GIB) },
      pidsLimit: 64,
      hugePageLimits: { "2MB": 4 * 1024 ** 2, "1GB": 0 },
    });
  });

  it("has the least weight and no limit for best effort pods", () => {
    const options = { enforceCpuLimits: true, podPidsLimit: -1, hugePageSizes: [] };
    assert.deepEqual(podCgroupResources(pod({ containers: [container("a", {})] }), options), { cpuShares: 2 });
  });
});

describe("CRI resources", () => {
  const options = { cpuCfsQuota: true, memoryCapacityBytes: 8 * GIB, hugePageSizes: ["1GB", "2MB"] };
  const limits = { cpu: "1", memory: "1Gi", "hugepages-2Mi": "6Mi" };
  const spec = { containers: [container("a", { cpu: "250m" }, limits)], overhead: { cpu: "100m", memory: "64Mi" } };

  it("of a container carry its OOM score and a limit for every page size", () => {
    assert.deepEqual(containerLinuxResources(pod(spec), container("a", { cpu: "250m" }, limits), options), {
      cpuShares: 256,
      memoryLimitInBytes: GIB,
      cpuQuota: 100_000,
      cpuPeriod: 100_000,
      oomScoreAdj: 999,
      hugepageLimits: [
        { pageSize: "1GB", limit: 0 },
        { pageSize: "2MB", limit: 6 * 1024 ** 2 },
      ],
    });
  });

  it("of the sandbox are the containers' sum, its overhead apart", () => {
    assert.equal(sandboxLinuxResources(pod(spec), options).cpuShares, 256);
    assert.deepEqual(overheadLinuxResources(pod(spec), { cpuCfsQuota: false }), {
      cpuShares: 102,
      memoryLimitInBytes: 64 * 1024 ** 2,
    });
    assert.deepEqual(overheadLinuxResources(pod({ containers: [] }), options), {});
  });
});
