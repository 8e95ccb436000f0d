import { chmod, lchown, lstat, readdir, readlink, stat } from "node:fs/promises";
import type { FoundVolume } from "../../core/volume/events.ts";
import type { VolumePlace } from "../../core/volume/state.ts";
import type { GroupOwnership } from "../../ports/volume-files.ts";
import type { Mounts } from "../mounts/mounts.ts";
import { isErrno } from "./errno.ts";
import { removeTree } from "./remove-tree.ts";

/** Kinds whose content is switched as a whole: with a `..data` that leads somewhere it is complete. */
const payloadKinds: ReadonlySet<string> = new Set([
  "kubernetes.io~configmap",
  "kubernetes.io~secret",
  "kubernetes.io~downward-api",
  "kubernetes.io~projected",
]);

/** The volumes that lie in `<pod>/volumes`. */
export async function listVolumeDirectories(podDirectory: string): Promise<readonly FoundVolume[]> {
  const base = `${podDirectory}/volumes`;
  const found: FoundVolume[] = [];
  for (const kind of await namesIn(base)) {
    for (const name of await namesIn(`${base}/${kind}`)) {
      const path = `${base}/${kind}/${name}`;
      const isWhole = payloadKinds.has(kind) && (await isDirectory(`${path}/..data`));
      found.push({ place: { kind, name }, ...(isWhole && { mounted: { path, readOnly: true, isRelabelable: true } }) });
    }
  }
  return found;
}

/** Takes away what containers hold of the volume by subPaths, then the volume itself. `false`: something is in use. */
export async function removeVolumeDirectory(
  mounts: Mounts,
  podDirectory: string,
  name: string,
  place: VolumePlace | undefined,
): Promise<boolean> {
  const subPaths = `${podDirectory}/volume-subpaths/${name}`;
  const own = place === undefined ? [] : [`${podDirectory}/volumes/${place.kind}/${place.name}`];
  const there: string[] = [];
  for (const directory of [subPaths, ...own]) if ((await statSelf(directory)) !== undefined) there.push(directory);
  if (there.length === 0) return true;
  if (!(await mounts.unmountAll(there))) return false;
  for (const directory of there) await removeTree(directory);
  return true;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    // Whoever can write into the volume could point the link elsewhere; only a name beside it is believed.
    return /^\.\.[^/]+$/.test(await readlink(path)) && (await stat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, "ENOENT", "EINVAL", "ELOOP", "ENOTDIR")) return false;
    throw error;
  }
}

async function statSelf(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

const setGroupId = 0o2000;
const directoryExecute = 0o110;

/** What the group may do, added to what a file's mode has. Source: volume_linux.go changeFilePermission. */
export function groupMode(mode: number, readOnly: boolean, isDirectory: boolean): number {
  const rights = readOnly ? 0o440 : 0o660;
  return (mode & 0o7777) | rights | (isDirectory ? setGroupId | directoryExecute : 0);
}

/** Gives the group everything at and below `path` on its filesystem; links themselves, never what they lead to. */
export async function setGroupBelow(path: string, ownership: GroupOwnership): Promise<void> {
  const { groupId, policy, readOnly } = ownership;
  const top = await lstat(path);
  const wanted = groupMode(top.mode, readOnly, top.isDirectory());
  if (policy === "OnRootMismatch" && top.gid === groupId && (top.mode & 0o7777) === wanted) return;
  // The top comes last: it tells that all below is done.
  await setGroupOf(path, top.dev, ownership);
}

async function setGroupOf(path: string, device: number, ownership: GroupOwnership): Promise<void> {
  const own = await statSelf(path);
  if (own === undefined || own.dev !== device) return;
  if (own.isDirectory()) for (const name of await readdir(path)) await setGroupOf(`${path}/${name}`, device, ownership);
  if (own.gid !== ownership.groupId) await lchown(path, own.uid, ownership.groupId);
  if (own.isSymbolicLink()) return;
  const mode = groupMode(own.mode, ownership.readOnly, own.isDirectory());
  // chown takes set-id bits away, so the mode comes after it.
  await chmod(path, mode);
}
