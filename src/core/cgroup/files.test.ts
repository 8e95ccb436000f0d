import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cpuSharesToWeight, milliCpuToQuotaUs } from "./cpu.ts";
import { type CgroupFile, cgroupV1Files, cgroupV2Files } from "./files.ts";
import { hugePageLimitsByName, hugePageSizeName, UNLIMITED_HUGE_PAGE_BYTES } from "./huge-pages.ts";
import { systemdProperties } from "./systemd-properties.ts";
import type { CgroupResources } from "./types.ts";

const ALL: CgroupResources = {
  cpuShares: 512,
  cpuQuotaUs: 50_000,
  cpuPeriodUs: 100_000,
  memoryLimitBytes: 1024 ** 3,
  pidsLimit: 100,
  hugePageLimits: { "2MB": UNLIMITED_HUGE_PAGE_BYTES },
  unified: { "memory.min": "4096" },
};

function lines(files: readonly CgroupFile[]): readonly string[] {
  return files.map(({ controller, file, value }) => `${controller}: ${file}=${value}`);
}

describe("control files", () => {
  it("of v1 carry every limit, the period before the quota, all digits", () => {
    assert.deepEqual(lines(cgroupV1Files(ALL)), [
      "memory: memory.limit_in_bytes=1073741824",
      "cpu: cpu.shares=512",
      "cpu: cpu.cfs_period_us=100000",
      "cpu: cpu.cfs_quota_us=50000",
      "pids: pids.max=100",
      "hugetlb: hugetlb.2MB.limit_in_bytes=4611686018427387904",
      "hugetlb: hugetlb.2MB.rsvd.limit_in_bytes=4611686018427387904",
    ]);
  });

  it("of v2 carry weights instead of shares, quota and period as one, and what is meant for v2 alone", () => {
    assert.deepEqual(lines(cgroupV2Files(ALL)), [
      "pids: pids.max=100",
      "memory: memory.max=1073741824",
      "cpu: cpu.weight=20",
      "cpu: cpu.max=50000 100000",
      "hugetlb: hugetlb.2MB.max=4611686018427387904",
      "hugetlb: hugetlb.2MB.rsvd.max=4611686018427387904",
      "memory: memory.min=4096",
    ]);
  });

  it("are not written for what is absent or zero", () => {
    const zeros = { cpuShares: 0, cpuQuotaUs: 0, memoryLimitBytes: 0, pidsLimit: 0 };
    for (const files of [cgroupV1Files, cgroupV2Files]) assert.deepEqual([...files({}), ...files(zeros)], []);
  });

  it("lift limits with -1", () => {
    const none = { cpuQuotaUs: -1, memoryLimitBytes: -1, pidsLimit: -1 };
    assert.deepEqual(lines(cgroupV1Files(none)), [
      "memory: memory.limit_in_bytes=-1",
      "cpu: cpu.cfs_quota_us=-1",
      "pids: pids.max=max",
    ]);
    assert.deepEqual(lines(cgroupV2Files(none)), [
      "pids: pids.max=max",
      "memory: memory.max=max",
      "cpu: cpu.max=max 100000",
    ]);
  });
});

describe("systemd properties", () => {
  it("say what the control files say, the quota per second", () => {
    assert.deepEqual(
      systemdProperties(ALL).map(({ name, value }) => `${name}=${value}`),
      [
        "MemoryMax=1073741824",
        "CPUWeight=20",
        "CPUQuotaPeriodUSec=100000",
        "CPUQuotaPerSecUSec=500000",
        "TasksMax=100",
      ],
    );
  });

  it("round a quota up to whole percents and take -1 for infinity", () => {
    const [, quota] = systemdProperties({ cpuQuotaUs: 1_234, cpuPeriodUs: 100_000 });
    assert.equal(quota?.value, 20_000n);
    assert.equal(systemdProperties({ cpuQuotaUs: -1 })[0]?.value, 18_446_744_073_709_551_615n);
  });
});

describe("CPU and huge page units", () => {
  it("map the range of shares onto the range of weights", () => {
    assert.deepEqual([2, 1024, 262_144].map(cpuSharesToWeight), [1, 39, 10_000]);
  });

  it("compute quotas for another period where asked to", () => {
    assert.equal(milliCpuToQuotaUs(500, 20_000), 10_000);
    assert.equal(milliCpuToQuotaUs(1, 20_000), 1000);
  });

  it("name page sizes as the kernel does and limit those nobody asked for", () => {
    assert.deepEqual([4096, 2 ** 21, 2 ** 30, 2 ** 24, 1500].map(hugePageSizeName), [
      "4KB",
      "2MB",
      "1GB",
      "16MB",
      undefined,
    ]);
    const limits = new Map([[2 ** 21, 2 ** 22]]);
    assert.deepEqual(hugePageLimitsByName(limits, ["2MB", "1GB"], 0), { "2MB": 2 ** 22, "1GB": 0 });
  });
});
