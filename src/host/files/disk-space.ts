import { statfs } from "node:fs/promises";
import type { DiskSpaceReader } from "../../ports/disk-space.ts";

/** Asks the kernel. Source of the arithmetic: cAdvisor fs/fs.go getVfsStats. */
export function createDiskSpaceReader(): DiskSpaceReader {
  return {
    async read(path) {
      const stats = await statfs(path).catch(() => undefined);
      if (stats === undefined) return undefined;
      return { capacityBytes: stats.blocks * stats.bsize, availableBytes: stats.bavail * stats.bsize };
    },
  };
}
