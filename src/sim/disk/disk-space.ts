/** How much room the files of the virtual disk take, as a real filesystem would count it. */
import { byteLengthOf, type DiskNode, namesOf, type VirtualDisk } from "./virtual-disk.ts";

const BLOCK_BYTES = 4096;

/** A filesystem of the simulated machine: everything below its mount point, and what others keep there. */
export interface SimFilesystem {
  readonly mountPoint: string;
  readonly device: string;
  readonly capacityBytes: number;
  readonly inodes: number;
  /** What is there beside the files of the virtual disk: images, writable layers, the system's own. */
  otherUsedBytes: number;
  otherInodesUsed: number;
  /** And what the runtime keeps there, asked each time; absent: nothing. */
  readonly kept?: () => Space;
}

export interface Space {
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** Of the node with all below it on the same filesystem; mounts are not entered. */
export function spaceOf(node: DiskNode, filesOnly = false): Space {
  const seen = new Set<DiskNode>();
  const sum = { usedBytes: 0, inodesUsed: 0 };
  const add = (each: DiskNode, isTop: boolean) => {
    if (seen.has(each)) return;
    seen.add(each);
    if (!(isTop && filesOnly && each.kind === "directory")) {
      sum.usedBytes += blocksOf(each) * BLOCK_BYTES;
      sum.inodesUsed += 1;
    }
    if (each.kind !== "directory") return;
    for (const child of each.entries.values()) {
      const isDirectory = child.kind === "directory";
      if (isDirectory && (filesOnly || child.mount !== null)) continue;
      add(child, false);
    }
  };
  add(node, true);
  return sum;
}

function blocksOf(node: DiskNode): number {
  if (node.kind === "link") return 0;
  if (node.kind === "directory") return 1;
  return Math.ceil(byteLengthOf(node) / BLOCK_BYTES);
}

export class SimFilesystems {
  readonly #disk: VirtualDisk;
  readonly #all: readonly SimFilesystem[];
  /** What the files of each take, and at which state of the disk. */
  readonly #counted = new Map<string, { readonly changes: number; readonly space: Space }>();

  /** One of `all` must be mounted on "/". */
  constructor(disk: VirtualDisk, all: readonly SimFilesystem[]) {
    this.#disk = disk;
    this.#all = all.toSorted((a, b) => b.mountPoint.length - a.mountPoint.length);
  }

  /** The one that a directory is on; `undefined`: there is no such directory. */
  of(directory: string): SimFilesystem | undefined {
    const isThere = this.#disk.find(directory) !== undefined || this.#all.some((one) => one.mountPoint === directory);
    return isThere ? this.#all.find(({ mountPoint }) => isWithin(directory, mountPoint)) : undefined;
  }

  /** What is taken of it. */
  space({ mountPoint, otherUsedBytes, otherInodesUsed, kept }: SimFilesystem): Space {
    const files = this.#ofFiles(mountPoint);
    const { usedBytes, inodesUsed } = kept?.() ?? NOTHING;
    return {
      usedBytes: files.usedBytes + otherUsedBytes + usedBytes,
      inodesUsed: files.inodesUsed + otherInodesUsed + inodesUsed,
    };
  }

  #ofFiles(mountPoint: string): Space {
    const { changes } = this.#disk;
    const counted = this.#counted.get(mountPoint);
    if (counted?.changes === changes) return counted.space;
    const space = this.#count(mountPoint);
    this.#counted.set(mountPoint, { changes, space });
    return space;
  }

  #count(mountPoint: string): Space {
    const top = this.#disk.find(mountPoint);
    const within = this.#all.filter((one) => one.mountPoint !== mountPoint && isWithin(one.mountPoint, mountPoint));
    const all = top === undefined ? NOTHING : spaceOf(top);
    const elsewhere = within
      .map((one) => this.#disk.find(one.mountPoint))
      .map((node) => (node ? spaceOf(node) : NOTHING));
    const minus = (figure: (space: Space) => number) => elsewhere.reduce((sum, space) => sum + figure(space), 0);
    return {
      usedBytes: all.usedBytes - minus(({ usedBytes }) => usedBytes),
      inodesUsed: all.inodesUsed - minus(({ inodesUsed }) => inodesUsed),
    };
  }
}

const NOTHING: Space = { usedBytes: 0, inodesUsed: 0 };

function isWithin(path: string, top: string): boolean {
  const names = namesOf(path);
  return namesOf(top).every((name, index) => names[index] === name);
}
