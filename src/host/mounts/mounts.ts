import { HostError } from "../../ports/errors.ts";
import { loadNativeCalls } from "../ffi/native-calls.ts";
import { type MountInfo, readMountsAt, readMountsBelow } from "../procfs/mount-info.ts";
import { CommandShell } from "./command-shell.ts";

/**
 * Mounting, through the machine's mount(8) and umount(8): Node.js has no call for it. Mounts of what is in memory or
 * there already go through the system call itself where that can be had: a program each would cost milliseconds.
 */
export interface Mounts {
  mountTmpfs(target: string, options: readonly string[]): Promise<void>;
  mountHugetlbfs(target: string, options: readonly string[]): Promise<void>;
  /** `source` is used as written: a /proc/<pid>/fd path stays the file that is open there. */
  bind(source: string, target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Unmounts all below `directory`, innermost first; `false`: something is busy and stays. */
  unmountBelow(directory: string): Promise<boolean>;
  /** As `unmountBelow` for several directories, and what is mounted on themselves, too. */
  unmountAll(directories: readonly string[]): Promise<boolean>;
}

/** Of mount(2). */
const MS_BIND = 4096;
/** What one umount(8) takes as arguments. */
const mostTargets = 128;

export function createMounts(): Mounts {
  const shell = new CommandShell();

  async function run(args: readonly string[], path: string): Promise<void> {
    const { exitCode, output } = await shell.run(args);
    if (exitCode === 0) return;
    if (exitCode === 127) {
      throw new HostError("NotFound", path, `the program "${args[0]}" is missing; the package "mount" has it`);
    }
    throw new HostError(codeOf(output), path, output || `${args[0]} ended with code ${exitCode}`);
  }

  /** `false`: not done; the program says why, or does it. */
  async function tryNative(
    source: string,
    target: string,
    type: string,
    flags: number,
    data: string,
  ): Promise<boolean> {
    const native = await loadNativeCalls();
    try {
      native?.mount(source, target, type, flags, data);
      return native !== undefined;
    } catch {
      return false;
    }
  }

  const mountFs = async (type: string, target: string, options: readonly string[]): Promise<void> => {
    if (await tryNative(type, target, type, 0, options.join(","))) return;
    const flags = options.length > 0 ? ["-o", options.join(",")] : [];
    return run(["mount", "--no-canonicalize", "-t", type, ...flags, "--", type, target], target);
  };
  const unmountAll = (targets: readonly string[], path: string): Promise<void> =>
    run(["umount", "--no-canonicalize", "--", ...targets], path);

  return {
    mountTmpfs: (target, options) => mountFs("tmpfs", target, options),
    mountHugetlbfs: (target, options) => mountFs("hugetlbfs", target, options),
    bind: async (source, target) => {
      if (await tryNative(source, target, "none", MS_BIND, "")) return;
      await run(["mount", "--no-canonicalize", "--bind", "--", source, target], target);
    },
    unmount: (target) => unmountAll([target], target),

    unmountBelow: (directory) => unmountWhile(() => readMountsBelow(directory), directory),
    unmountAll: (directories) => unmountWhile(() => readMountsAt(directories), directories[0] ?? ""),
  };

  async function unmountWhile(read: () => readonly MountInfo[], path: string): Promise<boolean> {
    let left = read();
    // Mounts may stand on each other, and umount(8) goes on after one that failed: repeat while it gets somewhere.
    while (left.length > 0) {
      const targets = left.slice(0, mostTargets).map((mount) => mount.mountPoint);
      await unmountAll(targets, path).catch((error: unknown) => {
        if (!(error instanceof HostError) || error.code === "NotFound") throw error;
      });
      const now = read();
      if (now.length >= left.length) return false;
      left = now;
    }
    return true;
  }
}

function codeOf(said: string): HostError["code"] {
  if (/busy/.test(said)) return "Busy";
  if (/permission denied|must be superuser|operation not permitted/i.test(said)) return "Denied";
  if (/no space|cannot allocate/i.test(said)) return "NoSpace";
  if (/wrong fs type|bad option|invalid/i.test(said)) return "Invalid";
  return "Other";
}
