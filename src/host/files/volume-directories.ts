import { constants, type Stats } from "node:fs";
import { chmod, chown, type FileHandle, lchown, lstat, open, readdir, readlink, stat } from "node:fs/promises";
import type { FoundVolume } from "../../core/volume/events.ts";
import type { VolumePlace } from "../../core/volume/state.ts";
import { HostError } from "../../ports/errors.ts";
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

/** O_PATH of Linux, which Node.js does not name: an open file that stands for its place, without opening its content. */
const place = 0o10000000 | constants.O_NOFOLLOW;
/** Each level holds a descriptor open. */
const deepestLevel = 1000;

/**
 * Gives the group everything at and below `path` on its filesystem; links themselves, never what they lead to. Each
 * file is opened from its directory's descriptor: what a container swaps for a link meanwhile leads nowhere.
 */
export async function setGroupBelow(path: string, ownership: GroupOwnership): Promise<void> {
  const { groupId, policy, readOnly } = ownership;
  const top = await open(path, place);
  try {
    const own = await top.stat();
    const wanted = groupMode(own.mode, readOnly, own.isDirectory());
    if (policy === "OnRootMismatch" && own.gid === groupId && (own.mode & 0o7777) === wanted) return;
    // The top comes last: it tells that all below is done.
    await setGroupOf(top, own, ownership, path, 0);
  } finally {
    await top.close();
  }
}

async function setGroupOf(file: FileHandle, own: Stats, ownership: GroupOwnership, shown: string, level: number) {
  if (level > deepestLevel)
    throw new HostError("Invalid", shown, `directories are nested more than ${deepestLevel} deep`);
  const { groupId, readOnly } = ownership;
  const at = `/proc/self/fd/${file.fd}`;
  if (own.isDirectory()) {
    for (const name of await readdir(at)) {
      await setGroupOfEntry(`${at}/${name}`, own.dev, ownership, `${shown}/${name}`, level + 1);
    }
  }
  if (own.gid !== groupId) await chown(at, own.uid, groupId);
  const mode = groupMode(own.mode, readOnly, own.isDirectory());
  // chown takes set-id bits away, so the mode comes after it.
  if (own.gid !== groupId || (own.mode & 0o7777) !== mode) await chmod(at, mode);
}

async function setGroupOfEntry(
  entry: string,
  device: number,
  ownership: GroupOwnership,
  shown: string,
  level: number,
): Promise<void> {
  const file = await openPlace(entry);
  if (file === undefined) return;
  try {
    const own = await file.stat();
    if (own.dev !== device) return;
    if (!own.isSymbolicLink()) await setGroupOf(file, own, ownership, shown, level);
    else if (own.gid !== ownership.groupId) await lchown(entry, own.uid, ownership.groupId).catch(ignoreGone);
  } finally {
    await file.close();
  }
}

/** `undefined`: it has gone meanwhile. */
async function openPlace(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, place);
  } catch (error) {
    ignoreGone(error);
    return undefined;
  }
}

function ignoreGone(error: unknown): void {
  if (!isErrno(error, "ENOENT")) throw error;
}
