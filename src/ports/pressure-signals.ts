/** What the kernel tells of memory running short: cheap readings at any time, and alarms that need no asking. */
import type { CgroupName } from "../core/cgroup/types.ts";
import type { MemoryReading } from "../core/pressure/memory-watch.ts";

/** Whose memory: the whole node's, or that of a cgroup below the agent's root ("kubepods"). */
export type MemoryScope = { readonly kind: "node" } | { readonly kind: "cgroup"; readonly name: CgroupName };

export interface PressureSignals {
  /**
   * Reads now, in some tens of microseconds and without waiting. `undefined`: there is no such cgroup, or the kernel's
   * files hold something else than numbers: no observation, which is not the same as no memory.
   */
  readMemory(scope: MemoryScope): MemoryReading | undefined;
  /** `undefined`: nothing here wakes anybody, and reading again and again must do. Never rejects. */
  openMemoryAlarm(scope: MemoryScope): Promise<MemoryAlarm | undefined>;
}

export interface MemoryAlarm {
  /**
   * `usage`: it goes off when usage (page cache included) crosses one of the levels, either way.
   * `stall`: it goes off when tasks wait for memory; it knows no levels.
   */
  readonly kind: "usage" | "stall";
  /** Replaces the levels; the old ones count until the new ones do. Takes milliseconds. Goes off once when it is done. */
  setLevels(usageBytes: readonly number[]): Promise<void>;
  /**
   * Resolves `true` when the alarm went off since the last `wait`; several times count as one. `false`: `signal` was
   * aborted, it was closed, or its cgroup is gone. One wait at a time.
   */
  wait(signal: AbortSignal): Promise<boolean>;
  /** Idempotent. */
  close(): void;
}
