import type { CgroupName } from "../core/cgroup/types.ts";

/** How often the kernel killed in cgroups for want of memory: what is left to know where its log cannot be read. */
export interface OomCounters {
  /**
   * Kills so far in each container's cgroup of a pod, by container id; a cgroup without a readable counter is left out.
   * Empty: there is no such pod cgroup. Never rejects.
   */
  read(pod: CgroupName): Promise<ReadonlyMap<string, number>>;
}
