import type { CgroupResources } from "../../core/cgroup/types.ts";

/**
 * One kernel's way to keep cgroups. `path` is relative to the cgroup mount and begins with a slash
 * ("/kubepods/burstable/pod1"); "/" is the mount itself.
 */
export interface CgroupBackend {
  readonly version: 1 | 2;
  readonly controllers: ReadonlySet<string>;
  /** Makes the cgroup and its parents where missing. */
  create(path: string): Promise<void>;
  /** Writes limits; `false`: the cgroup does not exist. */
  write(path: string, resources: CgroupResources): Promise<boolean>;
  exists(path: string): Promise<boolean>;
  children(path: string): Promise<readonly string[]>;
  processes(path: string): Promise<ReadonlySet<number>>;
  /** Asks the kernel to take back memory; `false`: it cannot be asked, or gave nothing. */
  reclaimMemory(path: string, bytes: number): Promise<boolean>;
  /** Kills what runs in it and tries once to remove it with all below; `false`: something is still there. */
  destroy(path: string): Promise<boolean>;
}
