/** A small filesystem of its own for a test that fills it: a file on the machine's disk, mounted over a loop device. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";

export interface LoopDiskOptions {
  /** The file that holds it. */
  readonly file: string;
  readonly mountPoint: string;
  readonly mib: number;
  readonly inodes: number;
}

export interface LoopDisk {
  /** Unmounts it wherever it still is and removes its file. */
  remove(): void;
}

export function makeLoopDisk({ file, mountPoint, mib, inodes }: LoopDiskOptions): LoopDisk {
  writeFileSync(file, "");
  truncateSync(file, mib * 1024 ** 2);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", "-N", String(inodes), "-O", "^has_journal", file]);
  mkdirSync(mountPoint, { recursive: true });
  execFileSync("mount", ["-o", "loop", file, mountPoint]);
  return {
    remove() {
      try {
        execFileSync("umount", ["--lazy", mountPoint], { stdio: "ignore" });
      } catch {
        // It is unmounted already.
      }
      rmSync(file, { force: true });
    },
  };
}
