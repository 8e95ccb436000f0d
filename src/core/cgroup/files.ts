/**
 * Limits as the kernel's control files. Source: kubelet cgroupManagerImpl.toResources with runc libcontainer/cgroups fs
 * and fs2. Zero means "leave as it is", as there.
 */
import { cpuSharesToWeight, DEFAULT_CPU_PERIOD_US } from "./cpu.ts";
import type { CgroupResources } from "./types.ts";

export interface CgroupFile {
  /** Tells the hierarchy on cgroup v1; on v2 it must be enabled for the cgroup. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
}

/** All digits, also beyond the 2^53 up to which a number prints exactly. */
function digits(value: number): string {
  return BigInt(Math.trunc(value)).toString();
}

function isSet(value: number | undefined): value is number {
  return value !== undefined && value !== 0;
}

function limitOrMax(value: number): string {
  return value < 0 ? "max" : digits(value);
}

/** A page size has a second file, for reservations, which older kernels lack. */
function hugetlb(resources: CgroupResources, limit: string): readonly CgroupFile[] {
  return Object.entries(resources.hugePageLimits ?? {}).flatMap(([size, bytes]) =>
    [`hugetlb.${size}.${limit}`, `hugetlb.${size}.rsvd.${limit}`].map((file) => ({
      controller: "hugetlb",
      file,
      value: digits(bytes),
    })),
  );
}

/**
 * The files to write in a cgroup's v1 directories, in order. Files of controllers that the machine does not have, and
 * missing `rsvd` files, are to be passed over.
 */
export function cgroupV1Files(resources: CgroupResources): readonly CgroupFile[] {
  const { memoryLimitBytes, cpuShares, cpuPeriodUs, cpuQuotaUs, pidsLimit } = resources;
  const files: CgroupFile[] = [];
  const write = (controller: string, file: string, value: string): void => {
    files.push({ controller, file, value });
  };
  if (isSet(memoryLimitBytes)) write("memory", "memory.limit_in_bytes", digits(memoryLimitBytes));
  if (isSet(cpuShares)) write("cpu", "cpu.shares", digits(cpuShares));
  if (isSet(cpuPeriodUs)) write("cpu", "cpu.cfs_period_us", digits(cpuPeriodUs));
  if (isSet(cpuQuotaUs)) write("cpu", "cpu.cfs_quota_us", digits(cpuQuotaUs));
  if (isSet(pidsLimit)) write("pids", "pids.max", limitOrMax(pidsLimit));
  return [...files, ...hugetlb(resources, "limit_in_bytes")];
}

/** The files to write in a cgroup's v2 directory, in order; missing `rsvd` files are to be passed over. */
export function cgroupV2Files(resources: CgroupResources): readonly CgroupFile[] {
  const { memoryLimitBytes, cpuShares, cpuPeriodUs, cpuQuotaUs, pidsLimit } = resources;
  const files: CgroupFile[] = [];
  const write = (controller: string, file: string, value: string): void => {
    files.push({ controller, file, value });
  };
  if (isSet(pidsLimit)) write("pids", "pids.max", limitOrMax(pidsLimit));
  if (isSet(memoryLimitBytes)) write("memory", "memory.max", limitOrMax(memoryLimitBytes));
  if (isSet(cpuShares)) write("cpu", "cpu.weight", digits(cpuSharesToWeight(cpuShares)));
  if (isSet(cpuQuotaUs) || isSet(cpuPeriodUs)) {
    const quota = cpuQuotaUs !== undefined && cpuQuotaUs > 0 ? digits(cpuQuotaUs) : "max";
    write("cpu", "cpu.max", `${quota} ${digits(isSet(cpuPeriodUs) ? cpuPeriodUs : DEFAULT_CPU_PERIOD_US)}`);
  }
  const unified = Object.entries(resources.unified ?? {}).map(([file, value]) => ({
    controller: file.slice(0, file.indexOf(".")),
    file,
    value,
  }));
  return [...files, ...hugetlb(resources, "max"), ...unified];
}
