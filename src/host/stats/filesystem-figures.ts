import { stat, statfs } from "node:fs/promises";
import { readMountInfo } from "../procfs/mount-info.ts";

/** `device` is one and the same for all subvolumes of a btrfs, as they share their space. */
export interface FilesystemFigures {
  readonly device: string;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes?: number;
  readonly inodesFree?: number;
}

const BTRFS = 0x9123683e;

/** `undefined`: it is not there, or it does not answer. Asynchronous: a server that is away lets nobody else wait. */
export async function readFilesystem(directory: string): Promise<FilesystemFigures | undefined> {
  try {
    const [{ dev }, figures] = await Promise.all([stat(directory), statfs(directory)]);
    const { blocks, bfree, bavail, files, ffree, bsize, type } = figures;
    const blockBytes = figures.frsize > 0 ? figures.frsize : bsize;
    return {
      device: type === BTRFS ? btrfsSource(directory, dev) : deviceName(dev),
      capacityBytes: blocks * blockBytes,
      availableBytes: bavail * blockBytes,
      usedBytes: (blocks - bfree) * blockBytes,
      // btrfs and its like make inodes as they need them and tell 0 of 0.
      ...(files > 0 && { inodes: files, inodesFree: ffree }),
    };
  } catch {
    return undefined;
  }
}

/** "major:minor", as mountinfo has it. */
function deviceName(dev: number): string {
  // The encoding of makedev(3): 12 bits of major and 20 of minor as far as they are in use.
  const major = Math.floor(dev / 256) % 4096;
  const minor = (dev % 256) + Math.floor(dev / 2 ** 20) * 256;
  return `${major}:${minor}`;
}

function btrfsSource(directory: string, dev: number): string {
  const above = (mountPoint: string) =>
    mountPoint === "/" || directory === mountPoint || directory.startsWith(`${mountPoint}/`);
  const mounts = readMountInfo().filter((mount) => above(mount.mountPoint));
  const nearest = mounts.toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
  return nearest?.fsType === "btrfs" ? nearest.source : deviceName(dev);
}
