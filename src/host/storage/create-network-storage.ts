import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type IscsiDisk, iscsiDevicePath } from "../../core/volume/iscsi-disk.ts";
import { HostError } from "../../ports/errors.ts";
import type { NetworkStorage } from "../../ports/network-storage.ts";
import { isMountPoint } from "../mounts/is-mount-point.ts";

export interface ToolResult {
  /** 127: there is no such program. */
  readonly exitCode: number;
  readonly output: string;
}

export interface NetworkStorageOptions {
  /** Runs a program with a deadline; for tests. */
  readonly run?: (args: readonly string[]) => Promise<ToolResult>;
  readonly isThere?: (path: string) => Promise<boolean>;
  readonly isMounted?: (target: string) => Promise<boolean>;
}

/** A server that is away must not hold up others: each command is a process of its own. */
const DEADLINE_MS = 60_000;
const LARGEST_OUTPUT = 64 * 1024;
/** How long the kernel may take to show a disk after the login. */
const DISK_TRIES = 50;
const DISK_STEP_MS = 200;
/** mount.nfs is asked for by path: mount(8) says nothing helpful without it. */
const NFS_HELPERS = ["/sbin/mount.nfs", "/usr/sbin/mount.nfs"];
const NFS_PACKAGES =
  'NFS volumes need the program mount.nfs; the package "nfs-common" (Fedora, SUSE: "nfs-utils") has it';
const ISCSI_PACKAGES =
  'iSCSI volumes need the program iscsiadm; the package "open-iscsi" (Fedora: "iscsi-initiator-utils") has it';
/** iscsiadm: the session is there already; there is none. */
const SESSION_EXISTS = 15;
const NO_SESSION = 21;
const DEFAULT_FS = "ext4";

export function createNetworkStorage(options: NetworkStorageOptions = {}): NetworkStorage {
  const { run = runTool, isThere = exists, isMounted = isMountPoint } = options;

  async function must(args: readonly string[], path: string, missing: string, fine: readonly number[] = []) {
    const { exitCode, output } = await run(args);
    if (exitCode === 127) throw new HostError("NotFound", path, missing);
    if (exitCode === 0 || fine.includes(exitCode)) return output;
    throw new HostError("Other", path, output.trim() || `${args[0]} ended with code ${exitCode}`);
  }

  const iscsiadm = ({ portal, iqn, iface }: IscsiDisk, action: string) => [
    "iscsiadm",
    "-m",
    "node",
    "-p",
    portal,
    "-T",
    iqn,
    "-I",
    iface,
    action,
  ];
  const unmount = async (args: readonly string[], target: string): Promise<void> => {
    if (!(await isMounted(target))) return;
    await must([...args, "--", target], target, 'the program "umount" is missing; the package "mount" has it');
  };

  return {
    async mountNfs(source, target, mountOptions) {
      // First: a look at a directory whose server is away would not come back.
      if (await isMounted(target)) return;
      await mkdir(target, { recursive: true, mode: 0o750 });
      const helpers = await Promise.all(NFS_HELPERS.map(isThere));
      if (!helpers.includes(true)) throw new HostError("NotFound", target, NFS_PACKAGES);
      const flags = mountOptions.length > 0 ? ["-o", mountOptions.join(",")] : [];
      await must(["mount", "-t", "nfs", ...flags, "--", source, target], target, NFS_PACKAGES);
    },

    unmountNfs: (target) => unmount(["umount", "--no-canonicalize", "--force"], target),

    async loginIscsi(disk) {
      const path = iscsiDevicePath(disk);
      if (!(await isThere(path))) {
        const discover = ["iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", disk.portal, "-I", disk.iface];
        await must(discover, path, ISCSI_PACKAGES);
        await must(iscsiadm(disk, "--login"), path, ISCSI_PACKAGES, [SESSION_EXISTS]);
      }
      for (let tries = 0; !(await isThere(path)); tries++) {
        if (tries >= DISK_TRIES) {
          throw new HostError("NotFound", path, `the disk ${path} did not come after the login to ${disk.portal}`);
        }
        await sleep(DISK_STEP_MS);
      }
      return path;
    },

    async logoutIscsi(disk) {
      await must(iscsiadm(disk, "--logout"), iscsiDevicePath(disk), ISCSI_PACKAGES, [NO_SESSION]);
    },

    async mountDisk(device, target, fsType, mountOptions) {
      await mkdir(target, { recursive: true, mode: 0o750 });
      if (await isMounted(target)) return;
      const type = fsType || DEFAULT_FS;
      // blkid ends with 2 where it finds nothing at all: only then the disk is taken for empty.
      const probe = await run(["blkid", "-p", "-s", "TYPE", "-s", "PTTYPE", "-o", "export", device]);
      if (probe.exitCode === 127)
        throw new HostError("NotFound", device, 'the program "blkid" is missing; the package "util-linux" has it');
      const isEmpty = probe.exitCode === 2 && probe.output.trim() === "";
      if (isEmpty && !mountOptions.includes("ro")) {
        const missing = `the program "mkfs.${type}" is missing, which makes the disk's filesystem`;
        await must([`mkfs.${type}`, device], device, missing);
      }
      const flags = ["-o", ["defaults", ...mountOptions].join(",")];
      await must(["mount", "-t", type, ...flags, "--", device, target], target, 'the package "mount" is missing');
    },

    unmountDisk: (target) => unmount(["umount", "--no-canonicalize"], target),
  };
}

function runTool([program = "", ...args]: readonly string[]): Promise<ToolResult> {
  return new Promise((resolve) => {
    const settings = { timeout: DEADLINE_MS, killSignal: "SIGKILL", maxBuffer: LARGEST_OUTPUT } as const;
    const env = { LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
    execFile(program, args, { ...settings, env }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (error === null) resolve({ exitCode: 0, output });
      else if (error.code === "ENOENT") resolve({ exitCode: 127, output });
      else if (typeof error.code === "number") resolve({ exitCode: error.code, output });
      else resolve({ exitCode: 1, output: output.trim() || `${program} did not end within ${DEADLINE_MS / 1000} s` });
    });
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
