import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import type { PayloadFile } from "../../ports/volume-files.ts";
import { isErrno } from "./errno.ts";
import { removeTree } from "./remove-tree.ts";
import { groupMode } from "./volume-directories.ts";

const dataLink = "..data";
const dataLinkNew = "..data_tmp";
const directoryMode = 0o755;
/** A larger file is written beside the agent's own thread. */
const largestAtOnce = 64 * 1024;

/** A payload file with the owner, group and mode that it has on the machine. */
interface OwnedFile extends PayloadFile {
  readonly ownerId: number;
  readonly groupId: number;
}

/**
 * Puts `files` into `directory` as one step, in the layout of the kubelet's atomic writer: the files stand in a
 * timestamped directory, `..data` points to it, and each first path element is a link through `..data`. `true`: it
 * changed; content, modes and owners that are there already are left alone. When it fails, what was there stays whole
 * and nothing of the new is left. Source: kubelet volume/util/atomic_writer.go Write.
 * Differs: modes are compared too, and new names appear after the switch, so that no link ever dangles.
 *
 * Small steps are taken synchronously: each is microseconds, and there are dozens to a volume.
 */
export async function writeAtomicPayload(
  directory: string,
  files: readonly PayloadFile[],
  groupId?: number,
): Promise<boolean> {
  for (const file of files) checkPath(directory, file.path);
  const owned = files.map((file) => withOwnership(file, groupId));
  const current = currentData(directory);
  if (current !== undefined && holds(`${directory}/${current}`, owned)) {
    await linkNames(directory, files);
    // A writer that died after its switch has left what was there before.
    await removeStale(directory, files, current);
    return false;
  }
  const fresh = mkdtempSync(`${directory}/..${timestamp(new Date())}.`);
  try {
    await fillDirectory(fresh, owned, groupId);
    await switchTo(directory, fresh.slice(directory.length + 1));
  } catch (error) {
    // What is half written would take the room that is missing.
    await removeTree(fresh).catch(() => undefined);
    throw error;
  }
  await linkNames(directory, files);
  await removeStale(directory, files, fresh.slice(directory.length + 1));
  return true;
}

function withOwnership(file: PayloadFile, groupId: number | undefined): OwnedFile {
  const { mode, ownerId = 0 } = file;
  if (groupId === undefined) return { ...file, ownerId, groupId: 0, mode: mode & 0o7777 };
  return { ...file, ownerId, groupId, mode: groupMode(mode, true, false) };
}

function checkPath(directory: string, path: string): void {
  const problem = path === "" || path.startsWith("/") || path.split("/").some((part) => part === ".." || part === "");
  if (problem || path.startsWith("..") || path.length > 4096) {
    throw new HostError("Invalid", directory, `invalid path in a volume: ${JSON.stringify(path)}`);
  }
}

function currentData(directory: string): string | undefined {
  try {
    const target = readlinkSync(`${directory}/${dataLink}`);
    // Whoever can write into the volume could point the link elsewhere; only our own directories are believed.
    return /^\.\.[^/]+$/.test(target) ? target : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}

/** The directory has exactly these files with this content, these modes and owners. */
function holds(root: string, files: readonly OwnedFile[]): boolean {
  if (countFiles(root) !== files.length) return false;
  return files.every((file) => holdsFile(`${root}/${file.path}`, file));
}

function holdsFile(path: string, file: OwnedFile): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
  try {
    const { size, mode, uid, gid } = fstatSync(descriptor);
    if (size !== file.content.byteLength || (mode & 0o7777) !== file.mode) return false;
    if (uid !== file.ownerId || gid !== file.groupId) return false;
    return Buffer.compare(readFileSync(descriptor), file.content) === 0;
  } finally {
    closeSync(descriptor);
  }
}

function countFiles(directory: string): number {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? countFiles(`${directory}/${entry.name}`) : 1))
      .reduce((sum, count) => sum + count, 0);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return 0;
    throw error;
  }
}

async function fillDirectory(root: string, files: readonly OwnedFile[], groupId?: number): Promise<void> {
  const descriptor = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    // mkdtemp makes it 0700. With the group's bit set here, all below gets group and bit by itself.
    if (groupId !== undefined) fchownSync(descriptor, 0, groupId);
    fchmodSync(descriptor, groupId === undefined ? directoryMode : groupMode(directoryMode, true, true));
  } finally {
    closeSync(descriptor);
  }
  const parents = new Set(files.map((file) => file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")))));
  parents.delete("");
  for (const parent of parents) mkdirSync(`${root}/${parent}`, { recursive: true, mode: directoryMode });
  for (const file of files) await writeNew(`${root}/${file.path}`, file);
}

async function writeNew(path: string, file: OwnedFile): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const descriptor = openSync(path, flags, file.mode & 0o777);
  try {
    if (file.content.byteLength <= largestAtOnce) writeFileSync(descriptor, file.content);
    if (file.ownerId !== 0 || file.groupId !== 0) fchownSync(descriptor, file.ownerId, file.groupId);
    fchmodSync(descriptor, file.mode); // whatever the umask
  } finally {
    closeSync(descriptor);
  }
  if (file.content.byteLength > largestAtOnce) await writeLarge(path, file.content);
}

async function writeLarge(path: string, content: Uint8Array): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
}

async function switchTo(directory: string, target: string): Promise<void> {
  const next = `${directory}/${dataLinkNew}`;
  try {
    symlinkSync(target, next);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    await removeTree(next); // left by a writer that died
    symlinkSync(target, next);
  }
  renameSync(next, `${directory}/${dataLink}`);
}

async function linkNames(directory: string, files: readonly PayloadFile[]): Promise<void> {
  for (const name of firstNames(files)) {
    const link = `${directory}/${name}`;
    const target = `${dataLink}/${name}`;
    const there = linkTarget(link);
    if (there === target) continue;
    if (there !== undefined) await removeTree(link);
    symlinkSync(target, link);
  }
}

function linkTarget(link: string): string | undefined {
  try {
    return lstatSync(link).isSymbolicLink() ? readlinkSync(link) : "";
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function removeStale(directory: string, files: readonly PayloadFile[], current: string): Promise<void> {
  const wanted = firstNames(files);
  for (const name of readdirSync(directory)) {
    const path = `${directory}/${name}`;
    if (name.startsWith("..")) {
      if (name !== dataLink && name !== current) await removeTree(path);
    } else if (!wanted.has(name) && linkTarget(path) === `${dataLink}/${name}`) {
      unlinkSync(path);
    }
  }
}

function firstNames(files: readonly PayloadFile[]): ReadonlySet<string> {
  return new Set(files.map((file) => file.path.split("/", 1)[0] ?? ""));
}

function timestamp(time: Date): string {
  return time.toISOString().slice(0, 19).replace(/[-:T]/g, "_");
}
