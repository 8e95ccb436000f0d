/** LogFiles on the virtual disk. */
import { HostError } from "../../ports/errors.ts";
import type { LogFile, LogFiles } from "../../ports/log-files.ts";
import type { Line } from "../line.ts";
import { gzipStored } from "./gzip-stored.ts";
import { byteLengthOf, bytesOf, lastName, parentPath, type VirtualDisk } from "./virtual-disk.ts";

export interface LogPlaces {
  readonly podLogsDir: string;
  readonly containerLogsDir: string;
}

export function simLogFiles(disk: VirtualDisk, places: LogPlaces, line: Line): LogFiles {
  const { podLogsDir, containerLogsDir } = places;
  disk.makeDirectories(podLogsDir);
  disk.makeDirectories(containerLogsDir);
  const call = <T>(name: string, work: () => T) => line.call("logFiles", name, work);
  return {
    listPodDirectories: () => call("listPodDirectories", () => disk.list(podLogsDir) ?? []),
    removePodDirectory: (name) =>
      call("removePodDirectory", () => {
        if (name === "" || name.startsWith(".") || name.includes("/")) {
          throw new HostError("Invalid", podLogsDir, `not the name of a pod's log directory: ${JSON.stringify(name)}`);
        }
        disk.remove(`${podLogsDir}/${name}`);
      }),
    listRotated: (path) => call("listRotated", () => listRotated(disk, path)),
    listNames: (directory) => call("listNames", () => disk.list(directory) ?? []),
    size: (path) => call("size", () => sizeOf(disk, path)),
    rename: (from, to) => call("rename", () => disk.rename(from, to)),
    remove: (path) => call("remove", () => disk.remove(path)),
    compress: (from, to) => call("compress", () => compress(disk, from, to)),
    link: (link, target) =>
      call("link", () => {
        disk.makeDirectories(parentPath(link));
        disk.link(link, target);
      }),
    removeDanglingLinks: (keep) =>
      call("removeDanglingLinks", () => {
        for (const name of disk.list(containerLogsDir) ?? []) {
          const path = `${containerLogsDir}/${name}`;
          if (disk.findSelf(path)?.kind !== "link" || disk.find(path) !== undefined) continue;
          if (keep?.(name) !== true) disk.remove(path);
        }
      }),
    removeContainerLogs: (path, link) =>
      call("removeContainerLogs", () => {
        for (const file of listRotated(disk, path)) disk.remove(file.path);
        if (link !== "") disk.remove(link);
      }),
  };
}

/** How much smaller a log gets that only passes for large. */
const PACKED = 10;

function sizeOf(disk: VirtualDisk, path: string): number | undefined {
  const node = disk.find(path);
  if (node?.kind !== "file") return undefined;
  return byteLengthOf(node);
}

function listRotated(disk: VirtualDisk, path: string): readonly LogFile[] {
  const [directory, name] = [parentPath(path), lastName(path)];
  const names = (disk.list(directory) ?? []).filter((each) => each === name || each.startsWith(`${name}.`));
  return names.flatMap((each): LogFile[] => {
    const node = disk.find(`${directory}/${each}`);
    if (node?.kind !== "file") return [];
    return [{ path: `${directory}/${each}`, sizeBytes: byteLengthOf(node), modifiedAtMs: node.modifiedAtMs }];
  });
}

function compress(disk: VirtualDisk, from: string, to: string): void {
  const node = disk.findSelf(from);
  if (node?.kind !== "file") throw new HostError("NotFound", from, "cannot compress a log: no such file");
  disk.remove(`${to}.tmp`);
  const packed = disk.write(to, gzipStored(bytesOf(node)), node.mode);
  if (node.claimedBytes !== undefined) disk.claim(packed, Math.ceil(node.claimedBytes / PACKED));
  disk.remove(from);
}
