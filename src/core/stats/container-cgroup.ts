/**
 * The directory of a container among those that the runtime made in the pod's cgroup; `undefined`: there is none yet.
 * containerd: `ID`, with systemd `cri-containerd-ID.scope`; CRI-O: `crio-ID`, with systemd `crio-ID.scope`.
 * Source: kubelet cri_stats_provider.go extractIDFromCgroupPath.
 */
export function containerCgroup(directories: readonly string[], containerId: string): string | undefined {
  return directories.find((name) => {
    const bare = name.endsWith(".scope") ? name.slice(0, -".scope".length) : name;
    return bare.slice(bare.lastIndexOf("-") + 1) === containerId;
  });
}
