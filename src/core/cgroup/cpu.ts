/** CPU amounts in the kernel's units. Source: kubelet cm/helpers_linux.go and cgroup_manager_linux.go. */

/** The least the kernel takes, and what a cgroup without a CPU request gets. */
export const MIN_CPU_SHARES = 2;
const MAX_CPU_SHARES = 262_144;
const SHARES_PER_CPU = 1024;
const MILLI_PER_CPU = 1000;
export const DEFAULT_CPU_PERIOD_US = 100_000;
const MIN_CPU_QUOTA_US = 1000;

/** The cgroup v1 weight of a CPU request, 2 to 262144. */
export function milliCpuToShares(milliCpu: number): number {
  const shares = Math.trunc((milliCpu * SHARES_PER_CPU) / MILLI_PER_CPU);
  return Math.min(Math.max(shares, MIN_CPU_SHARES), MAX_CPU_SHARES);
}

/** The CFS quota of a CPU limit in microseconds per period, at least 1 ms; 0 for a limit of 0: no quota is set. */
export function milliCpuToQuotaUs(milliCpu: number, periodUs = DEFAULT_CPU_PERIOD_US): number {
  if (milliCpu === 0) return 0;
  return Math.max(Math.trunc((milliCpu * periodUs) / MILLI_PER_CPU), MIN_CPU_QUOTA_US);
}

/** The cgroup v2 `cpu.weight` (1 to 10000) of v1 shares (2 to 262144). Source: cpuSharesToCPUWeight. */
export function cpuSharesToWeight(shares: number): number {
  return Math.trunc(((shares - 2) * 9999) / 262_142) + 1;
}
