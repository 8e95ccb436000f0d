import { HostError } from "../../ports/errors.ts";
import { type DiskNode, parentPath, resolvePath, type VirtualDisk } from "./virtual-disk.ts";

const MOST_LINKS = 40;

export interface FoundSubPath {
  readonly path: string;
  readonly node: DiskNode;
}

/** Walks a subPath below a volume: links inside are followed, a way out is refused, missing directories are made. */
export function resolveSubPath(disk: VirtualDisk, volumePath: string, subPath: string): FoundSubPath {
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) {
    throw new HostError("Invalid", volumePath, `subPath "${subPath}" must be a relative path without ".."`);
  }
  const outside = new HostError("Denied", volumePath, `subpath "${subPath}" not within volume path "${volumePath}"`);
  const base = disk.find(volumePath);
  if (base?.kind !== "directory") throw new HostError("NotFound", volumePath, "no such directory");
  const isInside = (path: string) => path === volumePath || path.startsWith(`${volumePath}/`);
  let path = volumePath;
  let links = 0;
  const rest = subPath.split("/");
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "" || name === ".") continue;
    path = resolvePath(path, name);
    if (!isInside(path)) throw outside;
    const node = disk.findSelf(path) ?? make(disk, path, base.mode);
    if (node.kind !== "link") continue;
    if (++links > MOST_LINKS) throw new HostError("Invalid", volumePath, `too many links in "${subPath}"`);
    const target = resolvePath(parentPath(path), node.target);
    if (!isInside(target)) throw outside;
    rest.unshift(...target.slice(volumePath.length).split("/"));
    path = volumePath;
  }
  const node = disk.findSelf(path);
  if (node === undefined) throw outside;
  return { path, node };
}

function make(disk: VirtualDisk, path: string, mode: number): DiskNode {
  return disk.makeDirectories(path, mode);
}
