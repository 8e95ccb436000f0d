/**
 * Settings that only this machine can judge, checked when the agent starts (kubelet validation_linux.go
 * validateKubeletOSConfiguration, container_manager_linux.go NewContainerManager).
 */
import type { KubeletConfiguration } from "./kubelet-fields.ts";

export interface MachineFacts {
  /** The controllers are on cgroup v1. */
  readonly cgroupV1: boolean;
  /** /proc/swaps lists a swap area other than a compressed one in memory (zram, zswap). */
  readonly swapIsOn: boolean;
}

/** Why the agent must not start, in the kubelet's words; empty: it may. */
export function machineObjections(config: KubeletConfiguration, machine: MachineFacts): readonly string[] {
  const objections: string[] = [];
  if (config.failCgroupV1 && machine.cgroupV1) {
    const text = "kubelet is configured to not run on a host using cgroup v1.";
    objections.push(`${text} cgroup v1 support is in maintenance mode`);
  } else if (config.singleProcessOOMKill === false && machine.cgroupV1) {
    const text = "singleProcessOOMKill must not be explicitly set to false when using cgroup v1";
    objections.push(`invalid configuration: ${text}`);
  }
  if (config.failSwapOn && machine.swapIsOn) {
    const way = "please disable swap or set --fail-swap-on flag to false";
    objections.push(`running with swap on is not supported, ${way}`);
  }
  return objections;
}
