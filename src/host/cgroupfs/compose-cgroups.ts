import type { CgroupNaming, CgroupResources } from "../../core/cgroup/index.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import { HostError } from "../../ports/errors.ts";
import { asHostError } from "../files/errno.ts";
import type { CgroupBackend } from "./cgroup-backend.ts";

/** Killed processes leave their cgroup within milliseconds; one that waits for a slow disk may take its time. */
const removeWaitsMs: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 400];

/** The Cgroups port on a backend. Failures become HostErrors that name the cgroup. */
export function composeCgroups(
  backend: CgroupBackend,
  /** `top`: names from the top of the hierarchy. */
  { naming, top }: { readonly naming: CgroupNaming; readonly top: CgroupNaming },
  clock: Clock,
): Cgroups {
  async function update(path: string, resources: CgroupResources): Promise<boolean> {
    if (!(await asHostError(path, backend.exists(path)))) return false;
    return asHostError(path, backend.write(path, resources), "cannot set limits");
  }

  async function remove(path: string): Promise<boolean> {
    for (const waitMs of removeWaitsMs) {
      if (await backend.destroy(path)) return true;
      await clock.sleep(waitMs);
    }
    return backend.destroy(path);
  }

  return {
    version: backend.version,
    controllers: backend.controllers,

    async ensure(name, resources) {
      const path = naming.path(name);
      for (let attempt = 1; ; attempt++) {
        await asHostError(path, backend.create(path), "cannot make the cgroup");
        if (await asHostError(path, backend.write(path, resources), "cannot set limits")) return;
        // Somebody took it away between the two; who keeps doing so has to be told of.
        if (attempt === 3) throw new HostError("NotFound", path, "the cgroup is removed as soon as it is made");
      }
    },

    update: (name, resources) => update(naming.path(name), resources),
    updateAt: (path, resources) => update(top.path(top.parse(path)), resources),

    reclaimMemory: (name, bytes) =>
      asHostError(naming.path(name), backend.reclaimMemory(naming.path(name), bytes), "cannot take back memory"),

    exists: (name) => asHostError(naming.path(name), backend.exists(naming.path(name))),

    async children(name) {
      const path = naming.path(name);
      const directories = await asHostError(path, backend.children(path));
      return directories.flatMap((directory) => naming.childSegment(name, directory) ?? []);
    },

    processes: async (name) => [...(await asHostError(naming.path(name), backend.processes(naming.path(name))))],

    async remove(name) {
      const path = naming.path(name);
      if (name.length === 0) throw new HostError("Invalid", path, "the cgroup root is not removed");
      return asHostError(path, remove(path), "cannot remove the cgroup");
    },

    runtimePath: (name) => naming.runtimePath(name),
  };
}
