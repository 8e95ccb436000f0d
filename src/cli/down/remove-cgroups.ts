/** Removes the cgroups of pods, and those above them once nobody has a pod there. */
import { KUBEPODS, podCgroupName, qosCgroupName } from "../../core/cgroup/index.ts";
import type { Cgroups } from "../../ports/cgroups.ts";

const CLASSES = ["BestEffort", "Burstable", "Guaranteed"] as const;

/** `true`: all is gone; `false`: pods of somebody else are there too, or something is busy. */
export async function removeCgroups(cgroups: Cgroups, uids: Iterable<string>): Promise<boolean> {
  for (const uid of uids) {
    for (const qos of CLASSES) {
      const name = podCgroupName(KUBEPODS, qos, uid);
      if (await cgroups.exists(name)) await cgroups.remove(name);
    }
  }
  if (!(await cgroups.exists(KUBEPODS))) return true;
  const classes = CLASSES.map((qos) => qosCgroupName(KUBEPODS, qos)).filter((name) => name.length > KUBEPODS.length);
  for (const name of classes) {
    if ((await cgroups.children(name)).length > 0) return false;
    await cgroups.remove(name);
  }
  return (await cgroups.children(KUBEPODS)).length === 0 && cgroups.remove(KUBEPODS);
}
