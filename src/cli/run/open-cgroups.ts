/** The cgroup tree of this machine. */
import { createCgroupV1 } from "../../host/cgroupfs/cgroup-v1.ts";
import { observeCgroupLayout } from "../../host/cgroupfs/cgroup-layout.ts";
import { composeCgroups } from "../../host/cgroupfs/compose-cgroups.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";

export async function openCgroups(clock: Clock): Promise<Cgroups> {
  const layout = await observeCgroupLayout();
  if (layout.version !== 1) throw new Error("v2 comes next");
  const path = (name: readonly string[]) => `/${name.join("/")}`;
  return composeCgroups(createCgroupV1(layout, () => []), { path, runtimePath: path }, clock);
}
