/** Cgroup names and how the two drivers write them. Source: kubelet cm/cgroup_manager_linux.go. */
import type { QosClass } from "../api/types.ts";
import type { CgroupName } from "./types.ts";

export type CgroupDriver = "cgroupfs" | "systemd";

/** The cgroup of all pods; those of guaranteed pods are its direct children. */
export const KUBEPODS: CgroupName = ["kubepods"];

const POD_PREFIX = "pod";
const SLICE_SUFFIX = ".slice";

/**
 * Whether `text` can be a segment of a cgroup name. "/" would leave the tree, and "_" could not be told from an escaped
 * "-" under systemd: pod UIDs must be checked with this before they come into any name.
 */
export function isCgroupSegment(text: string): boolean {
  return /^[^/_\0]+$/.test(text) && text !== "." && text !== "..";
}

/** The cgroup of a QoS class; `kubepods` is the cgroup of all pods. */
export function qosCgroupName(kubepods: CgroupName, qos: QosClass): CgroupName {
  return qos === "Guaranteed" ? kubepods : [...kubepods, qos.toLowerCase()];
}

/** The cgroup of one pod. `uid` must satisfy isCgroupSegment. */
export function podCgroupName(kubepods: CgroupName, qos: QosClass, uid: string): CgroupName {
  return [...qosCgroupName(kubepods, qos), POD_PREFIX + uid];
}

/** The UID of the pod that a cgroup below a QoS cgroup belongs to; undefined when it is no pod's. */
export function podUidOfCgroup(name: CgroupName): string | undefined {
  const leaf = name.at(-1);
  if (leaf === undefined || !leaf.startsWith(POD_PREFIX) || leaf.length === POD_PREFIX.length) return undefined;
  return leaf.slice(POD_PREFIX.length);
}

/** How one driver writes names. Paths are below the cgroup mount and begin with "/"; "/" is the mount itself. */
export interface CgroupNaming {
  /** The directory of a cgroup: `/kubepods/burstable/pod1` or `/kubepods.slice/kubepods-burstable.slice/...`. */
  path(name: CgroupName): string;
  /** What the runtime gets as `cgroup_parent`: the same as `path` with both drivers. */
  runtimePath(name: CgroupName): string;
  /** The name of the cgroup at `path`, of which systemd's driver reads the last segment alone. */
  parse(path: string): CgroupName;
  /** The segment that a directory below `parent` stands for; undefined when the driver would not have made it. */
  childSegment(parent: CgroupName, directory: string): string | undefined;
}

function parseCgroupfs(path: string): CgroupName {
  const trimmed = path.startsWith("/") ? path.slice(1) : path;
  return trimmed === "" ? [] : trimmed.split("/");
}

const cgroupfsNaming: CgroupNaming = {
  path: (name) => `/${name.join("/")}`,
  runtimePath: (name) => `/${name.join("/")}`,
  parse: parseCgroupfs,
  childSegment: (_parent, directory) => directory,
};

function escapeDashes(segment: string): string {
  return segment.replaceAll("-", "_");
}

function restoreDashes(segment: string): string {
  return segment.replaceAll("_", "-");
}

/** Each slice lies in the one whose name it extends: `/a.slice/a-b.slice`. */
function slicePath(name: CgroupName): string {
  const parts = name.map(escapeDashes);
  const slices = parts.map((_, index) => parts.slice(0, index + 1).join("-") + SLICE_SUFFIX);
  return `/${slices.join("/")}`;
}

function parseSlice(path: string): CgroupName {
  const base = path.slice(path.lastIndexOf("/") + 1);
  if (base === "") return [];
  const name = base.endsWith(SLICE_SUFFIX) ? base.slice(0, -SLICE_SUFFIX.length) : base;
  return name.split("-").map(restoreDashes);
}

const systemdNaming: CgroupNaming = {
  path: slicePath,
  runtimePath: slicePath,
  parse: parseSlice,
  childSegment(parent, directory) {
    if (!directory.endsWith(SLICE_SUFFIX)) return undefined;
    const name = parseSlice(directory);
    const isChild = name.length === parent.length + 1 && parent.every((segment, index) => segment === name[index]);
    return isChild ? name.at(-1) : undefined;
  },
};

/** The naming of a driver, all names being below `root` (the kubelet's cgroupRoot; default: the mount itself). */
export function cgroupNaming(driver: CgroupDriver, root: CgroupName = []): CgroupNaming {
  const naming = driver === "systemd" ? systemdNaming : cgroupfsNaming;
  if (root.length === 0) return naming;
  return {
    path: (name) => naming.path([...root, ...name]),
    runtimePath: (name) => naming.runtimePath([...root, ...name]),
    parse: (path) => {
      const name = naming.parse(path);
      return root.every((segment, index) => segment === name[index]) ? name.slice(root.length) : name;
    },
    childSegment: (parent, directory) => naming.childSegment([...root, ...parent], directory),
  };
}

/** Reads a cgroup as the configuration names it (cgroupRoot, kubeReservedCgroup): `/system.slice` with systemd. */
export function parseCgroupName(driver: CgroupDriver, path: string): CgroupName {
  return cgroupNaming(driver).parse(path);
}
