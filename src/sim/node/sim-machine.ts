import type { MachineInfo } from "../../ports/machine.ts";

const GiB = 1024 ** 3;

/** The machine that every scenario runs on. */
export const SIM_MACHINE: MachineInfo = {
  hostname: "sim",
  cpuCores: 8,
  memoryBytes: 16 * GiB,
  maxPids: 32_768,
  bootId: "5f3c1a52-0000-4000-8000-000000000001",
  machineId: "5f3c1a52000040008000000000000002",
  systemUuid: "5f3c1a52-0000-4000-8000-000000000003",
  kernelVersion: "6.12.0-sim",
  appArmor: false,
  osImage: "simulated",
  architecture: "amd64",
  nodeIp: "192.0.2.10",
  hugePageBytes: {},
  seLinux: false,
};
