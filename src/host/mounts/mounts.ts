import { execFile } from "node:child_process";
import { HostError } from "../../ports/errors.ts";
import { errnoOf } from "../files/errno.ts";
import { mountsBelow, readMountInfo } from "../procfs/mount-info.ts";

/** Mounting, through the machine's mount(8) and umount(8): Node.js has no call for it. */
export interface Mounts {
  mountTmpfs(target: string, options: readonly string[]): Promise<void>;
  mountHugetlbfs(target: string, options: readonly string[]): Promise<void>;
  /** `source` is used as written: a /proc/<pid>/fd path stays the file that is open there. */
  bind(source: string, target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Unmounts all below `directory`, innermost first; `false`: something is busy and stays. */
  unmountBelow(directory: string): Promise<boolean>;
}

const deadlineMs = 30_000;

export function createMounts(): Mounts {
  return {
    mountTmpfs: (target, options) => mountFs("tmpfs", target, options),
    mountHugetlbfs: (target, options) => mountFs("hugetlbfs", target, options),
    bind: (source, target) => run("mount", ["--no-canonicalize", "--bind", "--", source, target], target),
    unmount: (target) => run("umount", ["--no-canonicalize", "--", target], target),
    unmountBelow,
  };
}

function mountFs(type: string, target: string, options: readonly string[]): Promise<void> {
  const flags = options.length > 0 ? ["-o", options.join(",")] : [];
  return run("mount", ["--no-canonicalize", "-t", type, ...flags, "--", type, target], target);
}

async function unmountBelow(directory: string): Promise<boolean> {
  let left = mountsBelow(await readMountInfo(), directory);
  // Mounts may stand on each other, and umount(8) goes on after one that failed: repeat while it gets somewhere.
  while (left.length > 0) {
    const targets = left.map((mount) => mount.mountPoint);
    await run("umount", ["--no-canonicalize", "--", ...targets.slice(0, 256)], directory).catch(passBusy);
    const now = mountsBelow(await readMountInfo(), directory);
    if (now.length >= left.length) return false;
    left = now;
  }
  return true;
}

function passBusy(error: unknown): void {
  if (!(error instanceof HostError) || error.code === "NotFound") throw error;
}

function run(program: string, args: readonly string[], path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { timeout: deadlineMs, maxBuffer: 65_536, env: { LC_ALL: "C", PATH: process.env["PATH"] } };
    execFile(program, args, options, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      if (errnoOf(error) === "ENOENT") {
        const message = `the program "${program}" is missing; the package "mount" or "util-linux" has it`;
        return reject(new HostError("NotFound", path, message, { cause: error }));
      }
      const said = stderr.trim() || error.message;
      reject(new HostError(codeOf(said), path, said, { cause: error }));
    });
  });
}

function codeOf(said: string): HostError["code"] {
  if (/busy/.test(said)) return "Busy";
  if (/permission denied|must be superuser|operation not permitted/i.test(said)) return "Denied";
  if (/no space|cannot allocate/i.test(said)) return "NoSpace";
  if (/wrong fs type|bad option|invalid/i.test(said)) return "Invalid";
  return "Other";
}
