/** Filesystems and what takes room on them, in the words of the Summary. Source: kubelet stats/helper.go. */
import { formatTime } from "../api/time.ts";
import type { DiskUsage, FilesystemObservation } from "./observations.ts";
import type { FsStats } from "./summary.ts";

/** A filesystem with all that is on it. Source: stats/provider.go RootFsStats. */
export function wholeFilesystem(filesystem: FilesystemObservation): FsStats {
  const { usedBytes, inodes, inodesFree } = filesystem;
  const inodesUsed = inodes !== undefined && inodesFree !== undefined ? inodes - inodesFree : undefined;
  return { ...room(filesystem), usedBytes, ...(inodesUsed !== undefined && { inodesUsed }) };
}

/**
 * What something takes of a filesystem, as old as that was measured; `undefined`: neither was observed.
 * Differs: the kubelet shows the time of the newer figure.
 */
export function usageOn(
  filesystem: FilesystemObservation | undefined,
  usage: DiskUsage | undefined,
): FsStats | undefined {
  if (filesystem === undefined && usage === undefined) return undefined;
  return {
    ...(filesystem !== undefined && room(filesystem)),
    ...(usage !== undefined && { time: formatTime(usage.atMs) }),
    ...used(usage),
  };
}

/** A filesystem with what one user of many takes of it, as old as the filesystem's own figures. */
export function filesystemWith(filesystem: FilesystemObservation, usage: DiskUsage | undefined): FsStats {
  return { ...room(filesystem), ...used(usage) };
}

function used(usage: DiskUsage | undefined): FsStats {
  return {
    ...(usage?.usedBytes !== undefined && { usedBytes: usage.usedBytes }),
    ...(usage?.inodesUsed !== undefined && { inodesUsed: usage.inodesUsed }),
  };
}

/** All usages together, as old as the oldest; figures that nobody has are absent. Source: calcEphemeralStorage, addUsage. */
export function sumOfUsages(usages: readonly (DiskUsage | undefined)[]): DiskUsage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  const [first, ...others] = known;
  if (first === undefined) return undefined;
  const oldest = others.reduce((a, b) => (b.monotonicMs < a.monotonicMs ? b : a), first);
  const sum = (figures: readonly (number | undefined)[]): number | undefined => {
    const numbers = figures.filter((figure) => figure !== undefined);
    return numbers.length === 0 ? undefined : numbers.reduce((total, figure) => total + figure, 0);
  };
  const usedBytes = sum(known.map((usage) => usage.usedBytes));
  const inodesUsed = sum(known.map((usage) => usage.inodesUsed));
  return {
    atMs: oldest.atMs,
    monotonicMs: oldest.monotonicMs,
    ...(usedBytes !== undefined && { usedBytes }),
    ...(inodesUsed !== undefined && { inodesUsed }),
    ...(known.some(({ isPartial }) => isPartial) && { isPartial: true }),
  };
}

function room({ atMs, availableBytes, capacityBytes, inodes, inodesFree }: FilesystemObservation): FsStats {
  return {
    time: formatTime(atMs),
    availableBytes,
    capacityBytes,
    ...(inodesFree !== undefined && { inodesFree }),
    ...(inodes !== undefined && { inodes }),
  };
}
