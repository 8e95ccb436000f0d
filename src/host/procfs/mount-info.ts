import { readFileSync } from "node:fs";
import { release } from "node:os";

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)), octal escapes resolved. */
export interface MountInfo {
  readonly id: number;
  readonly parentId: number;
  /** "major:minor" of the filesystem. */
  readonly device: string;
  /** The directory of the filesystem that is mounted here. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  readonly fsType: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** The mounts of this process's mount namespace, in the order in which the kernel lists them. */
export function readMountInfo(file = "/proc/self/mountinfo"): readonly MountInfo[] {
  return parseMountInfo(readStable(file));
}

/** Mount points strictly below `directory`, the last mounted first: the order in which they can be unmounted. */
export function readMountsBelow(directory: string, file = "/proc/self/mountinfo"): readonly MountInfo[] {
  const hint = hintOf(directory);
  const lines = readStable(file).split("\n");
  return mountsBelow(parseMountInfo(lines.filter((line) => line.includes(hint)).join("\n")), directory);
}

/** Mount points at and below any of these directories, the last mounted first. */
export function readMountsAt(directories: readonly string[], file = "/proc/self/mountinfo"): readonly MountInfo[] {
  const hints = directories.map(hintOf);
  const lines = readStable(file).split("\n");
  const mounts = parseMountInfo(lines.filter((line) => hints.some((hint) => line.includes(hint))).join("\n"));
  const isAt = ({ mountPoint }: MountInfo) =>
    directories.some((directory) => mountPoint === directory || mountPoint.startsWith(`${directory}/`));
  return mounts.filter(isAt).toReversed();
}

/** Of a long table only the lines that may count are taken apart; no path has more of it unescaped than its last part. */
function hintOf(directory: string): string {
  return directory.slice(directory.lastIndexOf("/") + 1).split(/[\s\\]/, 1)[0] ?? "";
}

/**
 * The whole table. The kernel gives it a page at a time, so asynchronous reads would cost a detour each. Before Linux
 * 5.8 a mount that goes away between two pages can hide another one: then only two equal readings count.
 */
function readStable(file: string): string {
  let text = readFileSync(file, "utf8");
  for (let attempt = 0; mayHideMounts && attempt < 3; attempt++) {
    const again = readFileSync(file, "utf8");
    if (again === text) break;
    text = again;
  }
  return text;
}

const [major = 0, minor = 0] = release().split(".").map(Number);
const mayHideMounts = major < 5 || (major === 5 && minor < 8);

/** The lines that are well formed; others are passed over. */
export function parseMountInfo(text: string): readonly MountInfo[] {
  return text.split("\n").flatMap((line) => {
    const mount = parseLine(line);
    return mount === undefined ? [] : [mount];
  });
}

function parseLine(line: string): MountInfo | undefined {
  const fields = line.split(" ");
  // Optional fields (propagation) stand between the sixth field and a lone dash.
  const dash = fields.indexOf("-", 6);
  const [id, parentId, device, root, mountPoint, options] = fields;
  const [fsType, source, superOptions] = dash < 0 ? [] : fields.slice(dash + 1);
  if (device === undefined || root === undefined || mountPoint === undefined || fsType === undefined) return undefined;
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    options: (options ?? "").split(","),
    fsType: unescapeOctal(fsType),
    source: unescapeOctal(source ?? ""),
    superOptions: (superOptions ?? "").split(","),
  };
}

/** `\040` and its like as the bytes that they stand for, read as UTF-8. */
export function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return Buffer.from(plain, "latin1").toString("utf8");
}

/** Those strictly below `directory`, the last mounted first. */
export function mountsBelow(mounts: readonly MountInfo[], directory: string): readonly MountInfo[] {
  const prefix = directory.endsWith("/") ? directory : `${directory}/`;
  return mounts.filter((mount) => mount.mountPoint.startsWith(prefix)).toReversed();
}
