import { existsSync } from "node:fs";
import { type CgroupDriver, cgroupNaming, parseCgroupName } from "../../core/cgroup/index.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import { HostError } from "../../ports/errors.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import type { CgroupBackend } from "./cgroup-backend.ts";
import { type CgroupLayout, observeCgroupLayout } from "./cgroup-layout.ts";
import { createCgroupV1 } from "./cgroup-v1.ts";
import { createCgroupV2 } from "./cgroup-v2.ts";
import { composeCgroups } from "./compose-cgroups.ts";
import { createSystemdBackend } from "./systemd/systemd-backend.ts";
import { SystemdBus } from "./systemd/systemd-bus.ts";

export interface CgroupsOptions {
  /** The kubelet's cgroupRoot, below which `kubepods` comes; "" and "/" are the top of what is mounted. */
  readonly root: string;
  readonly driver: CgroupDriver;
  readonly clock?: Clock;
  /** As `observeCgroupLayout` tells. */
  readonly layout?: CgroupLayout;
}

/** The Cgroups of this machine. Rejects with HostError where the driver cannot work here. */
export async function createCgroups(options: CgroupsOptions): Promise<Cgroups> {
  const layout = options.layout ?? (await observeCgroupLayout());
  const naming = cgroupNaming(options.driver, parseCgroupName(options.driver, options.root));
  const backend = createBackend(layout, options.driver, naming.path([]));
  return composeCgroups(backend, { naming, top: cgroupNaming(options.driver) }, options.clock ?? createSystemClock());
}

function createBackend(layout: CgroupLayout, driver: CgroupDriver, root: string): CgroupBackend {
  if (driver === "cgroupfs") {
    return layout.version === 1 ? createCgroupV1(layout) : createCgroupV2({ layout, root });
  }
  if (layout.version === 1) {
    throw new HostError("Invalid", root, 'cgroupDriver "systemd" needs cgroup v2; this machine has v1: use "cgroupfs"');
  }
  if (!existsSync("/run/systemd/system")) {
    throw new HostError(
      "Invalid",
      root,
      'cgroupDriver "systemd" needs systemd as init of this machine: use "cgroupfs"',
    );
  }
  return createSystemdBackend(createCgroupV2({ layout, root }), layout.mountPoint, new SystemdBus());
}
