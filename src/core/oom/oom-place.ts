/** Whose processes are in a cgroup, read from its path: the kernel knows nothing of pods. */

/** Absent fields: the path does not lie in a pod's (or in a container's) cgroup. */
export interface CgroupOwner {
  readonly podUid?: string;
  /** May be the sandbox's. */
  readonly containerId?: string;
}

/** `pod1f3c8a0e-...`, `kubepods-burstable-pod1f3c8a0e_....slice`. */
const CGROUPFS_POD = /^pod([^/]+)$/;
const SYSTEMD_POD = /kubepods(?:-[a-z]+)?-pod([^-]+)\.slice$/;
/** What the cgroupfs driver puts pods into. */
const PARENTS: ReadonlySet<string | undefined> = new Set(["kubepods", "burstable", "besteffort"]);
/** `cri-containerd-ID.scope`, `crio-ID.scope`. */
const SCOPE = /^(?:[\w-]+-)?([0-9a-f]{32,})\.scope$/;

/**
 * The owner of the cgroup at `path`, with either driver and whatever lies above the pods' cgroups or inside a
 * container's. That a pod of this UID exists is for the caller to check: anybody can make a cgroup of such a name.
 */
export function cgroupOwner(path: string): CgroupOwner {
  const segments = path.split("/").filter((segment) => segment !== "");
  const index = segments.findIndex((segment, at) => podUidOf(segment, segments[at - 1]) !== undefined);
  const podUid = index === -1 ? undefined : podUidOf(segments[index] ?? "", segments[index - 1]);
  if (podUid === undefined) return {};
  const below = segments[index + 1];
  const containerId = below === undefined ? undefined : (SCOPE.exec(below)?.[1] ?? withoutScope(below));
  return containerId === undefined ? { podUid } : { podUid, containerId };
}

function podUidOf(segment: string, parent: string | undefined): string | undefined {
  const [, ofSlice] = SYSTEMD_POD.exec(segment) ?? [];
  if (ofSlice !== undefined) return ofSlice.replaceAll("_", "-");
  return PARENTS.has(parent) ? CGROUPFS_POD.exec(segment)?.[1] : undefined;
}

function withoutScope(segment: string): string | undefined {
  return segment.endsWith(".scope") || segment.endsWith(".slice") ? undefined : segment;
}
