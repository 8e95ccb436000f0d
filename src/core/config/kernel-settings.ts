/** Kernel settings that Kubernetes wants of a node (kubelet cm/container_manager_linux.go setupKernelTunables). */

/** Name as sysctl writes it -> value. */
export type KernelSettings = Readonly<Record<string, string>>;

/** Memory may be promised beyond what there is; a kernel bug restarts the machine after ten seconds; room for keys. */
export const wantedKernelSettings: KernelSettings = {
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.keys.root_maxbytes": "25000000",
};

export interface KernelSettingsInput {
  /** Values that hold; what the kernel does not have is absent and passed over. */
  readonly current: KernelSettings;
  /** The configuration's protectKernelDefaults. */
  readonly protectKernelDefaults: boolean;
  /** The node has no control plane. */
  readonly standalone: boolean;
}

/**
 * What to change, or why the agent must not start, in the kubelet's words. Differs: a node that stands alone changes
 * nothing, since its machine is somebody's own and none of its pods depends on these.
 */
export function planKernelSettings(input: KernelSettingsInput): {
  readonly change: KernelSettings;
  readonly objections: readonly string[];
} {
  const { current, protectKernelDefaults, standalone } = input;
  const different = Object.entries(wantedKernelSettings).filter(([name, value]) => {
    return current[name] !== undefined && current[name] !== value;
  });
  if (protectKernelDefaults) {
    const objections = different.map(
      ([name, value]) =>
        `invalid kernel flag: ${name.replaceAll(".", "/")}, expected value: ${value}, actual value: ${current[name]}`,
    );
    return { change: {}, objections };
  }
  return { change: standalone ? {} : Object.fromEntries(different), objections: [] };
}
