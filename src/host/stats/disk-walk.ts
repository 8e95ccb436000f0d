import { type Dir, lstatSync, opendirSync, realpathSync } from "node:fs";
import { isErrno } from "../files/errno.ts";
import { readMountsBelow } from "../procfs/mount-info.ts";

export interface DiskWalkOptions {
  readonly filesOnly: boolean;
  readonly maxEntries: number;
}

export interface DiskWalkResult {
  readonly usedBytes: number;
  readonly inodesUsed: number;
  readonly isPartial: boolean;
}

/** Bytes of the unit that st_blocks counts in, whatever the filesystem's blocks are. */
const BLOCK_BYTES = 512;
const NAMES_AT_ONCE = 256;

/**
 * What a file or tree takes on its disk, as `du -x` counts it: every inode once, the top included (but with `filesOnly`),
 * no symlink followed, no mount entered, not even a bind mount of the same disk. What vanishes meanwhile is not counted.
 * `undefined`: it is not there. Waits for the disk: for a thread of its own.
 * Source: kubelet volume/util/fs/fs.go DiskUsage.
 */
export function walkDisk(path: string, options: DiskWalkOptions): DiskWalkResult | undefined {
  const top = realPathOf(path);
  const found = top === undefined ? undefined : entryAt(top);
  if (top === undefined || found === undefined || found === "hidden") return undefined;
  const walk = new Walk(found.dev, options);
  if (!(found.isDirectory() && options.filesOnly)) walk.add(found);
  if (found.isDirectory()) walk.below(top);
  return walk.result();
}

/** Names can hold any bytes: each is a letter of these texts. */
type RawPath = string;

function realPathOf(path: string): RawPath | undefined {
  try {
    return realpathSync(path, "latin1");
  } catch {
    return undefined;
  }
}

function mountPointsBelow(top: RawPath): ReadonlySet<RawPath> {
  const mounts = readMountsBelow(Buffer.from(top, "latin1").toString("utf8"));
  return new Set(mounts.map(({ mountPoint }) => Buffer.from(mountPoint).toString("latin1")));
}

class Walk {
  readonly #device: number;
  readonly #options: DiskWalkOptions;
  /** Inodes with several names. */
  readonly #linked = new Set<number>();
  #blocks = 0;
  #inodes = 0;
  #isPartial = false;

  constructor(device: number, options: DiskWalkOptions) {
    this.#device = device;
    this.#options = options;
  }

  add({ ino, nlink, blocks, isDirectory }: Entry): void {
    if (nlink > 1 && !isDirectory()) {
      if (this.#linked.has(ino)) return;
      this.#linked.add(ino);
    }
    this.#blocks += blocks;
    this.#inodes += 1;
  }

  below(top: RawPath): void {
    // The table of mounts is long where many pods run; what goes into no directory does without it.
    const mountPoints = this.#options.filesOnly ? new Set<RawPath>() : mountPointsBelow(top);
    const pending = [top];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const directory = this.#open(path);
      if (directory === undefined) continue;
      try {
        for (let item = directory.readSync(); item !== null; item = directory.readSync()) {
          if (this.#inodes >= this.#options.maxEntries) {
            this.#isPartial = true;
            return;
          }
          const inner = `${path}/${item.name}`;
          if (this.#take(inner, mountPoints)) pending.push(inner);
        }
      } catch {
        this.#isPartial = true;
      } finally {
        directory.closeSync();
      }
    }
  }

  result(): DiskWalkResult {
    return { usedBytes: this.#blocks * BLOCK_BYTES, inodesUsed: this.#inodes, isPartial: this.#isPartial };
  }

  /** `true`: a directory to go into. */
  #take(path: RawPath, mountPoints: ReadonlySet<RawPath>): boolean {
    const found = entryAt(path);
    if (found === "hidden") this.#isPartial = true;
    if (found === undefined || found === "hidden") return false;
    const isDirectory = found.isDirectory();
    if (isDirectory && this.#options.filesOnly) return false;
    if (found.dev !== this.#device || mountPoints.has(path)) return false;
    this.add(found);
    return isDirectory;
  }

  #open(path: RawPath): Dir | undefined {
    try {
      return opendirSync(Buffer.from(path, "latin1"), { encoding: "latin1", bufferSize: NAMES_AT_ONCE });
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTDIR")) this.#isPartial = true;
      return undefined;
    }
  }
}

interface Entry {
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
  readonly blocks: number;
  readonly isDirectory: () => boolean;
}

/** `undefined`: gone. "hidden": it is there, but cannot be looked at, as a path that is too long. */
function entryAt(path: RawPath): Entry | "hidden" | undefined {
  try {
    const { dev, ino, nlink, blocks, mode } = lstatSync(Buffer.from(path, "latin1"));
    return { dev, ino, nlink, blocks, isDirectory: () => (mode & 0o170000) === 0o040000 };
  } catch (error) {
    return isErrno(error, "ENOENT", "ENOTDIR") ? undefined : "hidden";
  }
}
