import { constants } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readlink,
  rename,
  symlink,
  unlink,
} from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import type { PayloadFile } from "../../ports/volume-files.ts";
import { isErrno } from "./errno.ts";
import { removeTree } from "./remove-tree.ts";
import { groupMode } from "./volume-directories.ts";

const dataLink = "..data";
const dataLinkNew = "..data_tmp";
const directoryMode = 0o755;

/**
 * Puts `files` into `directory` as one step, in the layout of the kubelet's atomic writer: the files stand in a
 * timestamped directory, `..data` points to it, and each first path element is a link through `..data`. `true`: it
 * changed; content and modes that are there already are left alone. Source: kubelet volume/util/atomic_writer.go Write.
 * Differs: modes are compared too, and new names appear after the switch, so that no link ever dangles.
 */
export async function writeAtomicPayload(
  directory: string,
  files: readonly PayloadFile[],
  groupId?: number,
): Promise<boolean> {
  const owned = files.map((file) => ({ ...file, ...ownershipOf(file, groupId) }));
  return writeOwned(directory, owned, groupId);
}

/** A payload file with the owner, group and mode that it has on the machine. */
interface OwnedFile extends PayloadFile {
  readonly ownerId: number;
  readonly groupId: number;
}

function ownershipOf({ mode, ownerId = 0 }: PayloadFile, groupId: number | undefined) {
  if (groupId === undefined) return { ownerId, groupId: 0, mode: mode & 0o7777 };
  return { ownerId, groupId, mode: groupMode(mode, true, false) };
}

async function writeOwned(directory: string, files: readonly OwnedFile[], groupId?: number): Promise<boolean> {
  for (const file of files) checkPath(directory, file.path);
  const current = await currentData(directory);
  if (current !== undefined && (await holds(`${directory}/${current}`, files))) {
    await linkNames(directory, files);
    return false;
  }
  const fresh = await mkdtemp(`${directory}/..${timestamp(new Date())}.`);
  try {
    await fillDirectory(fresh, files, groupId);
  } catch (error) {
    // What is half written would take the room that is missing.
    await removeTree(fresh).catch(() => undefined);
    throw error;
  }
  await switchTo(directory, fresh.slice(directory.length + 1));
  await linkNames(directory, files);
  await removeStale(directory, files, fresh.slice(directory.length + 1));
  return true;
}

function checkPath(directory: string, path: string): void {
  const problem = path === "" || path.startsWith("/") || path.split("/").some((part) => part === ".." || part === "");
  if (problem || path.startsWith("..") || path.length > 4096) {
    throw new HostError("Invalid", directory, `invalid path in a volume: ${JSON.stringify(path)}`);
  }
}

async function currentData(directory: string): Promise<string | undefined> {
  try {
    const target = await readlink(`${directory}/${dataLink}`);
    // Whoever can write into the volume could point the link elsewhere; only our own directories are believed.
    return /^\.\.[^/]+$/.test(target) ? target : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}

/** The directory has exactly these files with this content and these modes. */
async function holds(root: string, files: readonly OwnedFile[]): Promise<boolean> {
  const there = await listFiles(root, "");
  if (there.length !== files.length) return false;
  for (const file of files) if (!(await holdsFile(`${root}/${file.path}`, file))) return false;
  return true;
}

async function holdsFile(path: string, file: OwnedFile): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
  try {
    const { size, mode, uid, gid } = await handle.stat();
    if (size !== file.content.byteLength || (mode & 0o7777) !== file.mode) return false;
    if (uid !== file.ownerId || gid !== file.groupId) return false;
    return Buffer.compare(await handle.readFile(), file.content) === 0;
  } finally {
    await handle.close();
  }
}

async function listFiles(root: string, below: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(`${root}/${below}`, { withFileTypes: true });
    const lists = entries.map((entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? listFiles(root, path) : [path];
    });
    return (await Promise.all(lists)).flat();
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

async function fillDirectory(root: string, files: readonly OwnedFile[], groupId?: number): Promise<void> {
  const handle = await open(root, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (groupId !== undefined) await handle.chown(0, groupId);
    await handle.chmod(groupId === undefined ? directoryMode : groupMode(directoryMode, true, true)); // mkdtemp makes it 0700
  } finally {
    await handle.close();
  }
  const parents = new Set(files.map((file) => file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")))));
  parents.delete("");
  // With the group's bit set on the top, all below gets group and bit by itself.
  for (const parent of parents) await mkdir(`${root}/${parent}`, { recursive: true, mode: directoryMode });
  for (const file of files) await writeNew(`${root}/${file.path}`, file);
}

async function writeNew(path: string, file: OwnedFile): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, file.mode & 0o777);
  try {
    await handle.writeFile(file.content);
    if (file.ownerId !== 0 || file.groupId !== 0) await handle.chown(file.ownerId, file.groupId);
    await handle.chmod(file.mode); // whatever the umask
  } finally {
    await handle.close();
  }
}

async function switchTo(directory: string, target: string): Promise<void> {
  const next = `${directory}/${dataLinkNew}`;
  await removeTree(next); // left by a writer that died
  await symlink(target, next);
  await rename(next, `${directory}/${dataLink}`);
}

async function linkNames(directory: string, files: readonly PayloadFile[]): Promise<void> {
  for (const name of firstNames(files)) {
    const link = `${directory}/${name}`;
    const target = `${dataLink}/${name}`;
    if ((await linkTarget(link)) === target) continue;
    await removeTree(link);
    await symlink(target, link);
  }
}

async function linkTarget(link: string): Promise<string | undefined> {
  try {
    return (await lstat(link)).isSymbolicLink() ? await readlink(link) : "";
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function removeStale(directory: string, files: readonly PayloadFile[], current: string): Promise<void> {
  const wanted = firstNames(files);
  for (const name of await readdir(directory)) {
    const path = `${directory}/${name}`;
    if (name.startsWith("..")) {
      if (name !== dataLink && name !== current) await removeTree(path);
    } else if (!wanted.has(name) && (await linkTarget(path)) === `${dataLink}/${name}`) {
      await unlink(path);
    }
  }
}

function firstNames(files: readonly PayloadFile[]): ReadonlySet<string> {
  return new Set(files.map((file) => file.path.split("/", 1)[0] ?? ""));
}

function timestamp(time: Date): string {
  return time.toISOString().slice(0, 19).replace(/[-:T]/g, "_");
}
