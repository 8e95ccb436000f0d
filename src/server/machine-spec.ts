/**
 * /spec/: cAdvisor's MachineInfo (info/v1 machine.go) as far as this machine's facts go. Disks, networks and topology are
 * left empty: nothing is invented.
 */
import type { MachineInfo } from "../ports/machine.ts";

const KIB_PER: Readonly<Record<string, number>> = { KB: 1, MB: 1024, GB: 1024 * 1024 };

export function machineSpec(machine: MachineInfo, nowMs: number): object {
  return {
    timestamp: new Date(nowMs).toISOString(),
    num_cores: machine.cpuCores,
    memory_capacity: machine.memoryBytes,
    hugepages: Object.entries(machine.hugePageBytes).map(([name, bytes]) => {
      const pageKib = pageSizeKib(name);
      return { page_size: pageKib, num_pages: pageKib === 0 ? 0 : Math.floor(bytes / 1024 / pageKib) };
    }),
    machine_id: machine.machineId,
    system_uuid: machine.systemUuid,
    boot_id: machine.bootId,
    filesystems: null,
    disk_map: {},
    network_devices: null,
    topology: null,
    cloud_provider: "Unknown",
    instance_type: "Unknown",
    instance_id: "None",
  };
}

/** "2MB" -> 2048. */
function pageSizeKib(name: string): number {
  const [, count = "0", unit = "KB"] = /^(\d+)(KB|MB|GB)$/.exec(name) ?? [];
  return Number(count) * (KIB_PER[unit] ?? 0);
}
