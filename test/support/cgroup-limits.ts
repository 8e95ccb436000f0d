/** Limits as the kernel has them, on cgroup v1 and v2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const MOUNT = "/sys/fs/cgroup";
const V2 = existsSync(join(MOUNT, "cgroup.controllers"));
/** v1 says "no limit" with the largest number of whole pages. */
const V1_NO_LIMIT = 2 ** 62;

export interface KernelLimits {
  /** Shares on v1, weight on v2; compare with `cpuOfShares`. */
  readonly cpu: number;
  /** Microseconds of CPU per period; "none": no limit. */
  readonly cpuQuotaUs: number | "none";
  readonly cpuPeriodUs: number;
  readonly memoryBytes: number | "none";
  readonly pids: number | "none";
}

/** `path` from the top of the hierarchy, as `/kubepods/burstable`; `undefined`: there is no such cgroup. */
export function observeLimits(path: string): KernelLimits | undefined {
  const read = (controller: string, file: string): string =>
    readFileSync(join(MOUNT, V2 ? "" : controller, path, file), "utf8").trim();
  if (!existsSync(join(MOUNT, V2 ? "" : "cpu", path))) return undefined;
  if (V2) {
    const [quota = "", period = ""] = read("cpu", "cpu.max").split(" ");
    return {
      cpu: Number(read("cpu", "cpu.weight")),
      cpuQuotaUs: limit(quota),
      cpuPeriodUs: Number(period),
      memoryBytes: limit(read("memory", "memory.max")),
      pids: limit(read("pids", "pids.max")),
    };
  }
  return {
    cpu: Number(read("cpu", "cpu.shares")),
    cpuQuotaUs: limit(read("cpu", "cpu.cfs_quota_us")),
    cpuPeriodUs: Number(read("cpu", "cpu.cfs_period_us")),
    memoryBytes: limit(read("memory", "memory.limit_in_bytes")),
    pids: limit(read("pids", "pids.max")),
  };
}

/** What `observeLimits` shows as `cpu` where so many shares were asked for. */
export function cpuOfShares(shares: number): number {
  return V2 ? Math.trunc(1 + ((shares - 2) * 9999) / 262142) : shares;
}

/** Makes a cgroup in every hierarchy, as an administrator would for the daemons of the machine. */
export function makeCgroup(path: string): void {
  for (const hierarchy of V2 ? [MOUNT] : hierarchies()) mkdirSync(join(hierarchy, path), { recursive: true });
}

function hierarchies(): readonly string[] {
  return readdirSync(MOUNT)
    .map((name) => join(MOUNT, name))
    .filter((path) => statSync(path).isDirectory() && existsSync(join(path, "cgroup.procs")));
}

function limit(text: string): number | "none" {
  const value = Number(text);
  return text === "max" || value < 0 || value > V1_NO_LIMIT ? "none" : value;
}
