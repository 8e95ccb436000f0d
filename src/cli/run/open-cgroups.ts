/** The cgroup tree of this machine. */
import type { CgroupDriver } from "../../core/cgroup/index.ts";
import { createCgroups } from "../../host/cgroupfs/create-cgroups.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";

/** `root` is the configuration's cgroupRoot. Rejects with HostError where the driver cannot work on this machine. */
export function openCgroups(driver: CgroupDriver, root: string | undefined, clock: Clock): Promise<Cgroups> {
  return createCgroups({ root: root ?? "/", driver, clock });
}
