import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where an embedded containerd keeps what; all below the agent's root directory, but for a socket with too long a path. */
export interface ContainerdPaths {
  readonly directory: string;
  readonly config: string;
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly log: string;
  readonly pid: string;
  readonly bootId: string;
  readonly registryConfig: string;
}

/** sun_path holds 108 bytes; containerd appends `.ttrpc` to make its second socket. */
const MAX_SOCKET_PATH = 100;

export function containerdPaths(rootDir: string): ContainerdPaths {
  const directory = resolve(rootDir, "containerd");
  return {
    directory,
    config: join(directory, "config.toml"),
    root: join(directory, "root"),
    state: join(directory, "state"),
    socket: socketPath(directory),
    log: join(directory, "containerd.log"),
    pid: join(directory, "containerd.pid"),
    bootId: join(directory, "boot-id"),
    registryConfig: join(directory, "certs.d"),
  };
}

function socketPath(directory: string): string {
  const path = join(directory, "containerd.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  const name = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  return `/run/tskubelet/${name}.sock`;
}

/** True where the file had another content, or was not there. */
export function writeIfChanged(path: string, content: string): boolean {
  if (existsSync(path) && readFileSync(path, "utf8") === content) return false;
  writeFileSync(path, content, { mode: 0o600 });
  return true;
}

/** containerd expects its state on a tmpfs: after a boot the mounts and sockets that it speaks of are gone. */
export function forgetStateOfEarlierBoot(
  paths: Pick<ContainerdPaths, "bootId" | "state">,
  bootId: string = readFileSync("/proc/sys/kernel/random/boot_id", "utf8"),
): void {
  const earlier = existsSync(paths.bootId) ? readFileSync(paths.bootId, "utf8") : undefined;
  if (earlier === bootId) return;
  if (earlier !== undefined) rmSync(paths.state, { recursive: true, force: true });
  writeFileSync(paths.bootId, bootId);
}
