import type { CgroupName, CgroupResources } from "../core/cgroup/types.ts";

/**
 * The cgroup tree below the agent's cgroup root, whatever the kernel's version (v1, v2) and the driver (cgroupfs,
 * systemd). All calls are idempotent; a cgroup that vanished is a value, never an error.
 */
export interface Cgroups {
  /** Creates the cgroup and its parents where missing and writes `resources`. Rejects with `HostError`. */
  ensure(name: CgroupName, resources: CgroupResources): Promise<void>;
  /** Writes `resources` to an existing cgroup; `false`: it does not exist. */
  update(name: CgroupName, resources: CgroupResources): Promise<boolean>;
  /** As `update`, but named as in the configuration and from the top of the hierarchy: "/system", "/system.slice". */
  updateAt(path: string, resources: CgroupResources): Promise<boolean>;
  /**
   * Asks the kernel to take back memory of a cgroup, about `bytes` of it (v1: what it can of page cache and swap). `false`:
   * it cannot be asked, or gave nothing. May take seconds.
   */
  reclaimMemory(name: CgroupName, bytes: number): Promise<boolean>;
  exists(name: CgroupName): Promise<boolean>;
  /** Names of the direct children, unordered; empty when the cgroup does not exist. */
  children(name: CgroupName): Promise<readonly string[]>;
  /** Process ids in the cgroup and below it, each once. */
  processes(name: CgroupName): Promise<readonly number[]>;
  /** Kills what still runs in it with SIGKILL and removes it with all below. `false`: could not be removed yet. */
  remove(name: CgroupName): Promise<boolean>;
  /** What is handed to the runtime as `cgroup_parent`. */
  runtimePath(name: CgroupName): string;
  /** Controllers that the kernel offers here ("cpu", "memory", "pids", "hugetlb", "cpuset"); others are not enforced. */
  readonly controllers: ReadonlySet<string>;
  readonly version: 1 | 2;
}
