/** StorageFiles on the virtual disk. A path below "/dev" that is a file stands for a block device. */
import { HostError } from "../../ports/errors.ts";
import type { StorageFiles } from "../../ports/storage-files.ts";
import type { Line } from "../line.ts";
import { parentPath, textOf, type VirtualDisk } from "./virtual-disk.ts";

export function simStorageFiles(disk: VirtualDisk, line: Line): StorageFiles {
  const call = <T>(name: string, work: () => T) => line.call("files", name, work);
  return {
    claimDirectory: (path) =>
      call("claimDirectory", () => {
        const there = disk.find(path);
        if (there !== undefined && there.kind !== "directory") {
          throw new HostError("Invalid", path, `${path} is not a directory`);
        }
        if (there !== undefined) return;
        disk.makeDirectories(parentPath(path), 0o750);
        disk.makeDirectories(path, 0o777);
      }),
    makeDirectory: (path) => call("makeDirectory", () => void disk.makeDirectories(path, 0o750)),
    listDirectories: (path) =>
      call("listDirectories", () =>
        (disk.list(path) ?? []).filter((name) => disk.findSelf(`${path}/${name}`)?.kind === "directory"),
      ),
    removeEmpty: (path) => call("removeEmpty", () => removeEmpty(disk, path)),
    isMountPoint: (path) => call("isMountPoint", () => isMountPoint(disk, path)),
    kindOf: (path) =>
      call("kindOf", () => {
        const kind = disk.find(path)?.kind;
        if (kind === "file" && path.startsWith("/dev/")) return "blockDevice";
        return kind === "directory" || kind === "file" ? kind : undefined;
      }),
    readRecord: (path) =>
      call("readRecord", (): unknown => {
        const file = disk.find(path);
        if (file?.kind !== "file") return undefined;
        try {
          return JSON.parse(textOf(file));
        } catch {
          return undefined;
        }
      }),
    writeRecord: (path, fields) => call("writeRecord", () => void disk.write(path, JSON.stringify(fields), 0o600)),
    removeRecord: (path) => call("removeRecord", () => disk.remove(path)),
  };
}

function removeEmpty(disk: VirtualDisk, path: string): void {
  const node = disk.findSelf(path);
  if (node === undefined) return;
  if (isMountPoint(disk, path)) throw new HostError("Busy", path, `${path} is a mount point: not removed`);
  const isEmpty = node.kind === "directory" ? node.entries.size === 0 : node.kind !== "file" || textOf(node) === "";
  if (!isEmpty) throw new HostError("Busy", path, `${path} is not empty: not removed`);
  disk.remove(path);
}

function isMountPoint(disk: VirtualDisk, path: string): boolean {
  const node = disk.findSelf(path);
  return node?.kind === "directory" && node.mount !== null;
}
