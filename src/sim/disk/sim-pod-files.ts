/** PodFiles on the virtual disk, laid out as on a real one. */
import type { FoundVolume } from "../../core/volume/events.ts";
import { HostError } from "../../ports/errors.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { EmptyDirOptions, PayloadFile, PayloadVolume, SubPathHolder } from "../../ports/volume-files.ts";
import type { Line } from "../line.ts";
import { resolveSubPath } from "./sub-path.ts";
import { bytesOf, type DiskNode, textOf, type VirtualDisk } from "./virtual-disk.ts";

const KEPT_TERMINATION_LOGS = 16;

/** `rootDir`: the agent's own directory. Everything is done over `line`, so that it can go wrong there. */
export function simPodFiles(disk: VirtualDisk, rootDir: string, line: Line): PodFiles {
  const pods = `${rootDir}/pods`;
  disk.makeDirectories(pods, 0o750);
  const podDirectory = (uid: string) => `${pods}/${fileName(uid, pods)}`;
  const call = <T>(name: string, work: () => T) => line.call("files", name, work);
  return {
    listPods: () => call("listPods", () => disk.list(pods) ?? []),
    preparePod: (uid, logDirectory) =>
      call("preparePod", () => {
        for (const name of ["volumes", "plugins"]) disk.makeDirectories(`${podDirectory(uid)}/${name}`, 0o750);
        disk.makeDirectories(logDirectory);
      }),
    removePod: (uid) =>
      call("removePod", () => {
        const directory = podDirectory(uid);
        if (!disk.unmountBelow(directory)) return false;
        disk.remove(directory);
        return true;
      }),
    listVolumes: (uid) => call("listVolumes", () => listVolumes(disk, `${podDirectory(uid)}/volumes`)),
    removeVolume: (uid, name, place) =>
      call("removeVolume", () => {
        const own =
          place === undefined
            ? []
            : [`${podDirectory(uid)}/volumes/${fileName(place.kind, pods)}/${fileName(place.name, pods)}`];
        const all = [`${podDirectory(uid)}/volume-subpaths/${fileName(name, pods)}`, ...own];
        if (!all.every((path) => disk.unmountBelow(path))) return false;
        for (const path of all) disk.remove(path);
        return true;
      }),
    setGroup: (path) =>
      call("setGroup", () => {
        if (disk.find(path) === undefined) throw new HostError("NotFound", path, "no such file or directory");
      }),
    emptyDir: (uid, volume, options) =>
      call("emptyDir", () => {
        const path = `${podDirectory(uid)}/volumes/kubernetes.io~empty-dir/${fileName(volume, pods)}`;
        return setUpEmptyDir(disk, path, options);
      }),
    writePayload: (uid, volume, files) =>
      call("writePayload", () => {
        const place = `${podDirectory(uid)}/volumes/${fileName(volume.kind, pods)}/${fileName(volume.name, pods)}`;
        return writePayload(disk, place, volume, files);
      }),
    hostPath: (path, type) => call("hostPath", () => checkHostPath(disk, path, type)),
    subPath: (volumePath, subPath, holder) =>
      call("subPath", () => {
        const found = resolveSubPath(disk, volumePath, subPath);
        return holder === undefined ? found.path : hold(disk, podDirectory(holder.uid), holder, found.node);
      }),
    writeHostsFile: (uid, content) =>
      call("writeHostsFile", () => {
        const path = `${podDirectory(uid)}/etc-hosts`;
        disk.write(path, content);
        return path;
      }),
    hostFile: (path) =>
      call("hostFile", () => {
        const node = disk.find(path);
        return node?.kind === "file" ? textOf(node) : undefined;
      }),
    createTerminationLog: (uid, container, attempt) =>
      call("createTerminationLog", () => {
        const directory = `${podDirectory(uid)}/containers/${fileName(container, pods)}`;
        disk.makeDirectories(directory, 0o750);
        const path = `${directory}/${attemptName(attempt)}`;
        disk.remove(path);
        disk.write(path, "", 0o666);
        disk.remove(`${directory}/${attemptName(attempt - KEPT_TERMINATION_LOGS)}`);
        return path;
      }),
    readTail: (path, maxBytes) =>
      call("readTail", () => {
        const node = disk.find(path);
        return node?.kind === "file" ? new TextDecoder().decode(bytesOf(node).slice(-maxBytes)) : "";
      }),
  };
}

function listVolumes(disk: VirtualDisk, base: string): readonly FoundVolume[] {
  return (disk.list(base) ?? []).flatMap((kind) =>
    (disk.list(`${base}/${kind}`) ?? []).map((name) => {
      const path = `${base}/${kind}/${name}`;
      const isWhole = disk.find(`${path}/..data`)?.kind === "directory";
      return { place: { kind, name }, ...(isWhole && { mounted: { path, readOnly: true, isRelabelable: true } }) };
    }),
  );
}

function attemptName(attempt: number): string {
  return attempt.toString(16).padStart(8, "0");
}

function fileName(name: string, place: string): string {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new HostError("Invalid", place, `not usable as a file name: ${JSON.stringify(name)}`);
  }
  return name;
}

function setUpEmptyDir(disk: VirtualDisk, path: string, { medium }: EmptyDirOptions): string {
  if (medium !== "" && medium !== "Memory" && !medium.startsWith("HugePages")) {
    throw new HostError("Invalid", path, `unknown storage medium "${medium}"`);
  }
  const directory = disk.makeDirectories(path, 0o777);
  if (medium !== "" && directory.mount === null) disk.mountMemory(path, 0o777);
  return path;
}

function checkHostPath(disk: VirtualDisk, path: string, type: string): string {
  const what = HOST_PATH_TYPES.get(type);
  if (type === "") return path;
  if (what === undefined) throw new HostError("Invalid", path, `${type} is an invalid volume type`);
  const node = disk.find(path);
  if (node === undefined && type === "DirectoryOrCreate") disk.makeDirectories(path);
  else if (node === undefined && type === "FileOrCreate") disk.write(path, "");
  else if (node?.kind !== what.kind) {
    const code = node === undefined ? "NotFound" : "Invalid";
    throw new HostError(code, path, `hostPath type check failed: ${path} is not a ${what.text}`);
  }
  return path;
}

const HOST_PATH_TYPES: ReadonlyMap<string, { readonly kind: string; readonly text: string }> = new Map([
  ["Directory", { kind: "directory", text: "directory" }],
  ["DirectoryOrCreate", { kind: "directory", text: "directory" }],
  ["File", { kind: "file", text: "file" }],
  ["FileOrCreate", { kind: "file", text: "file" }],
  ["Socket", { kind: "socket", text: "socket file" }],
  ["CharDevice", { kind: "device", text: "character device" }],
  ["BlockDevice", { kind: "device", text: "block device" }],
]);

/** As the kubelet's atomic writer: a fresh directory, and one link that is switched to it. */
function writePayload(
  disk: VirtualDisk,
  place: string,
  { inMemory }: PayloadVolume,
  files: readonly PayloadFile[],
): string {
  for (const { path } of files) checkPayloadPath(place, path);
  const directory = disk.makeDirectories(place, 0o777);
  if (inMemory && directory.mount === null) disk.mountMemory(place, 0o777);
  const current = disk.findSelf(`${place}/..data`);
  if (current?.kind === "link" && holds(disk, current.target, files)) return place;
  const names = disk.list(place) ?? [];
  const serial = 1 + Math.max(0, ...names.map((name) => Number(/^\.\.v(\d+)$/.exec(name)?.[1] ?? 0)));
  const target = `${place}/..v${serial}`;
  disk.makeDirectories(target);
  for (const { path, content, mode } of files) {
    const full = `${target}/${path}`;
    disk.makeDirectories(full.slice(0, full.lastIndexOf("/")));
    disk.write(full, content, mode);
  }
  disk.link(`${place}/..data`, target);
  const first = new Set(files.map(({ path }) => path.split("/", 1)[0] ?? ""));
  for (const name of first) disk.link(`${place}/${name}`, `${place}/..data/${name}`);
  for (const name of names) {
    const isLink = disk.findSelf(`${place}/${name}`)?.kind === "link";
    if (name.startsWith("..") ? name !== "..data" : isLink && !first.has(name)) disk.remove(`${place}/${name}`);
  }
  return place;
}

function checkPayloadPath(place: string, path: string): void {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..") || path.startsWith("..")) {
    throw new HostError("Invalid", place, `invalid path ${JSON.stringify(path)}`);
  }
}

function holds(disk: VirtualDisk, directory: string, files: readonly PayloadFile[]): boolean {
  if (countFiles(disk.find(directory)) !== files.length) return false;
  return files.every(({ path, content, mode }) => {
    const node = disk.find(`${directory}/${path}`);
    return node?.kind === "file" && node.mode === mode && equal(bytesOf(node), content);
  });
}

function countFiles(node: DiskNode | undefined): number {
  if (node?.kind !== "directory") return node === undefined ? 0 : 1;
  return [...node.entries.values()].reduce((count, entry) => count + countFiles(entry), 0);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function hold(disk: VirtualDisk, podDirectory: string, holder: SubPathHolder, node: DiskNode): string {
  const { volume, container, index } = holder;
  const directory = `${podDirectory}/volume-subpaths/${volume}/${container}`;
  const path = `${directory}/${index}`;
  disk.makeDirectories(directory, 0o750);
  if (disk.find(path) === undefined && node.kind === "directory") disk.makeDirectories(path, 0o750);
  const mounted = disk.findSelf(path);
  if (node.kind === "file" || (mounted?.kind === "directory" && mounted.mount === null)) disk.bind(path, node);
  return path;
}
