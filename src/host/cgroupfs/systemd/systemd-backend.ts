import { SLICE_PROPERTIES, type SystemdProperty, systemdProperties } from "../../../core/cgroup/index.ts";
import type { CgroupBackend } from "../cgroup-backend.ts";
import { writeControl } from "../cgroup-tree.ts";
import type { SystemdBus, UnitProperty } from "./systemd-bus.ts";

/**
 * Cgroups as slices of systemd, which owns the tree: it makes and removes the directories, and knows the limits, so that
 * it does not write its own ones over them. What systemd has no property for is written to the control files.
 * Source: runc libcontainer/cgroups/systemd v2.go.
 */
export function createSystemdBackend(files: CgroupBackend, mountPoint: string, bus: SystemdBus): CgroupBackend {
  async function start(path: string): Promise<void> {
    const slices = path.split("/").filter((segment) => segment !== "");
    const wants: UnitProperty[] = slices.length > 1 ? [listProperty("Wants", slices.slice(-2, -1))] : [];
    const description: UnitProperty = { name: "Description", variant: { signature: "s", value: "Kubernetes pods" } };
    await bus.startUnit(unitOf(path), [description, ...wants, ...SLICE_PROPERTIES.map(toProperty)]);
  }

  async function create(path: string): Promise<void> {
    if (path === "/") return;
    if (!(await files.exists(path))) {
      await create(path.slice(0, path.lastIndexOf("/")) || "/");
      await start(path);
    }
    // systemd hands down the controllers that it has settings for; the others are up to us.
    await files.create(path);
  }

  return {
    ...files,
    create,

    async write(path, resources) {
      const properties = systemdProperties(resources).map(toProperty);
      if (properties.length > 0 && path !== "/" && !(await bus.setProperties(unitOf(path), properties))) {
        if (!(await files.exists(path))) return false;
        await start(path);
        await bus.setProperties(unitOf(path), properties);
      }
      return files.write(path, resources);
    },

    async destroy(path) {
      // Stopping a slice asks the processes in it to end and waits: what is to be gone now is killed before.
      await writeControl(`${mountPoint}${path}/cgroup.kill`, "1");
      await bus.stopUnit(unitOf(path));
      return files.destroy(path);
    },
  };
}

function unitOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function listProperty(name: string, value: readonly string[]): UnitProperty {
  return { name, variant: { signature: "as", value } };
}

function toProperty({ name, type, value }: SystemdProperty): UnitProperty {
  return { name, variant: { signature: type, value } };
}
