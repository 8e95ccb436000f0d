import type { CgroupObservation, MachineObservation } from "../../core/stats/observations.ts";
import type { CgroupPart } from "../../ports/stats.ts";

export type CgroupFigures = Omit<CgroupObservation, "atMs" | "monotonicMs">;

/** How one kernel's cgroup files are read. */
export interface CgroupFiguresReader {
  /** `undefined`: there is no such cgroup. `machine` is asked where the root cgroup has no file of its own. */
  figures(path: string, parts: readonly CgroupPart[], machine: () => MachineMemory): CgroupFigures | undefined;
  children(path: string): readonly string[];
}

export type MachineMemory = NonNullable<MachineObservation["memory"]>;

/** Limits that the kernel cannot tell from none; cAdvisor and the kubelet take what is above 2^62 for none. */
const UNLIMITED = 2 ** 62;

export function limitOf(value: number | undefined): number | undefined {
  return value === undefined || value > UNLIMITED ? undefined : value;
}

/** Source: cAdvisor libcontainer/handler.go setMemoryStats. */
export function workingSetBytes(usage: number | undefined, inactiveFile: number | undefined): number | undefined {
  return usage === undefined || inactiveFile === undefined ? undefined : Math.max(0, usage - inactiveFile);
}

/** The same without the values that are undefined; `undefined`: none is left. */
export function present<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): T | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}
