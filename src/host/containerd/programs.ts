import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";

/** A program that running pods needs, and the Debian package that brings it. */
export interface Program {
  readonly name: string;
  readonly debianPackage: string;
}

const CONTAINERD = "containerd";

const PROGRAMS: readonly Program[] = [
  { name: CONTAINERD, debianPackage: "containerd" },
  { name: "containerd-shim-runc-v2", debianPackage: "containerd" },
  { name: "ctr", debianPackage: "containerd" },
  { name: "runc", debianPackage: "runc" },
  { name: "iptables", debianPackage: "iptables" },
  { name: "ip", debianPackage: "iproute2" },
  { name: "mount", debianPackage: "mount" },
];

const CNI_PLUGINS: readonly Program[] = ["bridge", "host-local", "portmap", "loopback"].map((name) => ({
  name,
  debianPackage: "containernetworking-plugins",
}));

/** Where CNI plugins lie: Debian's package, then the place that the CNI project's own archive uses. */
export const CNI_BIN_DIRS = ["/usr/lib/cni", "/opt/cni/bin"];

/** Administrators' programs live outside the PATH of many accounts. */
const EXTRA_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** What the images that are built here are made of. */
export const LOCAL_IMAGE_PROGRAMS: readonly Program[] = [
  { name: "catatonit", debianPackage: "catatonit" },
  { name: "busybox", debianPackage: "busybox-static" },
];

export interface ProgramSearch {
  readonly path?: string;
  readonly cniBinDirs?: readonly string[];
  /** Name or path of the containerd program; default `containerd`. */
  readonly containerdPath?: string;
  /** Programs to look for besides those that every pod needs, LOCAL_IMAGE_PROGRAMS for example. */
  readonly also?: readonly Program[];
}

/** `PATH` with the system directories that it lacks at its end. */
export function searchPath(path: string = process.env["PATH"] ?? ""): string {
  return [...new Set([...path.split(":").filter((part) => part !== ""), ...EXTRA_PATH])].join(":");
}

/** Absolute path of an executable, or `undefined`. A `name` with a slash is a path already. */
export function findProgram(name: string, path?: string): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? resolve(name) : undefined;
  const candidates = searchPath(path)
    .split(":")
    .map((directory) => join(directory, name));
  return candidates.find(isExecutable);
}

/** The first directory that holds the bridge plugin, or `undefined`. */
export function findCniBinDir(directories: readonly string[] = CNI_BIN_DIRS): string | undefined {
  return directories.find((directory) => isExecutable(join(directory, "bridge")));
}

/** Whether a plugin lies where the runtime will look for it: beside the bridge plugin. */
export function hasCniPlugin(name: string, directories?: readonly string[]): boolean {
  const directory = findCniBinDir(directories);
  return directory !== undefined && isExecutable(join(directory, name));
}

/** What pods need and this machine lacks. */
export function missingPrograms(search: ProgramSearch = {}): readonly Program[] {
  const directories = search.cniBinDirs ?? CNI_BIN_DIRS;
  const cniMissing = CNI_PLUGINS.filter(
    ({ name }) => !directories.some((directory) => isExecutable(join(directory, name))),
  );
  const { containerdPath = CONTAINERD } = search;
  const programs = PROGRAMS.map((program) =>
    program.name === CONTAINERD ? { ...program, name: containerdPath } : program,
  );
  const wanted = [...programs, ...(search.also ?? [])];
  return [...wanted.filter(({ name }) => findProgram(name, search.path) === undefined), ...cniMissing];
}

/** Says what is missing and the command that installs it. */
export function missingProgramsMessage(missing: readonly Program[]): string {
  const packages = [...new Set(missing.map((program) => program.debianPackage))];
  const names = missing.map((program) => `${program.name} (package ${program.debianPackage})`);
  return `missing on this machine: ${names.join(", ")}. Install with: apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
