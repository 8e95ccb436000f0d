import type {
  CgroupObservation,
  DiskUsage,
  FilesystemObservation,
  MachineObservation,
} from "../core/stats/observations.ts";
import type { InterfaceStats } from "../core/stats/summary.ts";

/** `swap` adds limits of swap to `memory`. */
export type CgroupPart = "cpu" | "memory" | "swap" | "pids" | "processes" | "io" | "pressure";

/** `path` is below the mount of each hierarchy, as `Cgroups.runtimePath` gives it; "/" is the machine. */
export interface CgroupRequest {
  readonly path: string;
  readonly parts: readonly CgroupPart[];
}

export interface DiskUsageOptions {
  /** Only what lies in the directory itself, and not the directory. */
  readonly filesOnly?: boolean;
  /** Stops after so many files and directories. Default one million. */
  readonly maxEntries?: number;
  readonly signal?: AbortSignal;
}

/**
 * Raw figures of the machine. What is gone or unreadable is `undefined` (or an absent part), never zero; no call rejects
 * or throws.
 */
export interface Stats {
  /** One cgroup, at once: kernel files alone, some microseconds for each. */
  cgroup(request: CgroupRequest): CgroupObservation | undefined;
  /** Many, in the order of the requests, without keeping others from their turn for long. */
  cgroups(requests: readonly CgroupRequest[]): Promise<readonly (CgroupObservation | undefined)[]>;
  /** Directory names below a cgroup, unordered: those that the runtime made, too. */
  cgroupChildren(path: string): readonly string[];
  /** "memory": its memory alone, which is quicker. */
  machine(detail: "memory" | "all"): MachineObservation;
  /** The filesystem that a directory is on. */
  filesystem(directory: string): Promise<FilesystemObservation | undefined>;
  diskUsage(path: string, options?: DiskUsageOptions): Promise<DiskUsage | undefined>;
  /** Interfaces of the network namespace that a process is in, without "lo", in the kernel's order. */
  network(pid: number): readonly InterfaceStats[] | undefined;
}
