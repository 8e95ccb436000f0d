/**
 * Limits as properties of a systemd slice, so that systemd does not undo what the control files say.
 * Source: runc libcontainer/cgroups/systemd v2.go genV2ResourcesProperties and common.go addCpuQuota.
 */
import { cpuSharesToWeight, DEFAULT_CPU_PERIOD_US } from "./cpu.ts";
import type { CgroupResources } from "./types.ts";

/** A D-Bus property of StartTransientUnit or SetUnitProperties; `t` is an unsigned 64-bit number, `b` a boolean. */
export type SystemdProperty =
  | { readonly name: string; readonly type: "t"; readonly value: bigint }
  | { readonly name: string; readonly type: "b"; readonly value: boolean };

const INFINITY = 18_446_744_073_709_551_615n;
const US_PER_SECOND = 1_000_000;
/** systemd keeps whole percents; a finer quota is rounded up so that the children's still fit. */
const PERCENT_US = 10_000;

function limit(value: number): bigint {
  return value < 0 ? INFINITY : BigInt(Math.trunc(value));
}

function quotaPerSecond(quotaUs: number, periodUs: number): bigint {
  if (quotaUs <= 0) return INFINITY;
  const perSecondUs = Math.trunc((quotaUs * US_PER_SECOND) / (periodUs === 0 ? DEFAULT_CPU_PERIOD_US : periodUs));
  return BigInt(Math.ceil(perSecondUs / PERCENT_US) * PERCENT_US);
}

/** What every slice of pods has, whatever its limits: accounting on, no dependencies of its own. */
export const SLICE_PROPERTIES: readonly SystemdProperty[] = [
  { name: "MemoryAccounting", type: "b", value: true },
  { name: "CPUAccounting", type: "b", value: true },
  { name: "IOAccounting", type: "b", value: true },
  { name: "TasksAccounting", type: "b", value: true },
  { name: "DefaultDependencies", type: "b", value: false },
];

/** The limits of a slice on cgroup v2. Huge pages have no property; they stay control files. */
export function systemdProperties(resources: CgroupResources): readonly SystemdProperty[] {
  const { memoryLimitBytes = 0, cpuShares = 0, cpuQuotaUs = 0, cpuPeriodUs = 0, pidsLimit = 0 } = resources;
  const properties: SystemdProperty[] = [];
  const set = (name: string, value: bigint): void => {
    properties.push({ name, type: "t", value });
  };
  if (memoryLimitBytes !== 0) set("MemoryMax", limit(memoryLimitBytes));
  if (cpuShares !== 0) set("CPUWeight", BigInt(cpuSharesToWeight(cpuShares)));
  if (cpuPeriodUs !== 0) set("CPUQuotaPeriodUSec", BigInt(cpuPeriodUs));
  if (cpuQuotaUs !== 0 || cpuPeriodUs !== 0) set("CPUQuotaPerSecUSec", quotaPerSecond(cpuQuotaUs, cpuPeriodUs));
  if (pidsLimit > 0 || pidsLimit === -1) set("TasksMax", limit(pidsLimit));
  return properties;
}
