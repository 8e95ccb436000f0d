/**
 * Files of the simulated machine: directories, files, links, and mounts on directories. Paths are absolute and without
 * "." or ".."; links in the middle of a path are followed.
 */
import { HostError } from "../../ports/errors.ts";

export type DiskNode = Directory | DiskFile | DiskLink;

export interface Directory {
  readonly kind: "directory";
  mode: number;
  readonly entries: Map<string, DiskNode>;
  /** Set on the root of a mounted filesystem; `null`: nothing is mounted here. */
  mount: Mount | null;
}

export interface DiskFile {
  readonly kind: "file";
  mode: number;
  content: string | Uint8Array;
  modifiedAtMs: number;
  /** It passes for so large, whatever it holds. */
  claimedBytes?: number;
  /** The same file at another place. */
  boundFrom?: DiskFile;
}

export interface DiskLink {
  readonly kind: "link";
  readonly target: string;
}

export interface Mount {
  readonly kind: "memory" | "bind";
  /** Users that keep it from being unmounted. */
  users: number;
  /** What the place held before. */
  readonly covered: DiskNode;
}

const MOST_LINKS = 40;

export class VirtualDisk {
  readonly #root: Directory = newDirectory(0o755);
  #changes = 0;
  readonly #now: () => number;

  /** `now` gives times of change, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Grows with every change of what is on the disk. */
  get changes(): number {
    return this.#changes;
  }

  /** The node at a path, links followed; `undefined`: there is none. */
  find(path: string): DiskNode | undefined {
    let node = this.#walk(path, 0);
    for (let links = 1; node?.kind === "link"; links++) node = this.#walk(node.target, links);
    return node;
  }

  /** The node itself, without following a link at the end. */
  findSelf(path: string): DiskNode | undefined {
    return this.#walk(path, 0);
  }

  #walk(path: string, links: number): DiskNode | undefined {
    if (links > MOST_LINKS) return undefined;
    let node: DiskNode = this.#root;
    for (const name of namesOf(path)) {
      if (node.kind === "link") {
        const target = this.#walk(node.target, links + 1);
        if (target === undefined) return undefined;
        node = target;
      }
      if (node.kind !== "directory") return undefined;
      const next: DiskNode | undefined = node.entries.get(name);
      if (next === undefined) return undefined;
      node = next;
    }
    return node;
  }

  makeDirectories(path: string, mode = 0o755): Directory {
    let node: Directory = this.#root;
    for (const name of namesOf(path)) {
      const next: DiskNode = node.entries.get(name) ?? this.#newEntry(node, name, mode);
      const target: DiskNode | undefined = next.kind === "link" ? this.find(next.target) : next;
      if (target?.kind !== "directory") throw new HostError("Invalid", path, "not a directory");
      node = target;
    }
    return node;
  }

  /** Writes a file; its directory must be there. An existing file keeps its identity and mode. */
  write(path: string, content: string | Uint8Array, mode = 0o644): DiskFile {
    this.#changes += 1;
    const existing = this.find(path);
    if (existing?.kind === "directory") throw new HostError("Invalid", path, "is a directory");
    if (existing?.kind === "file") {
      existing.content = content;
      delete existing.claimedBytes;
      existing.modifiedAtMs = this.#now();
      return existing;
    }
    const file: DiskFile = { kind: "file", mode, content, modifiedAtMs: this.#now() };
    this.#put(path, file);
    return file;
  }

  /** The file is as large as this from now on, without content of that size. */
  claim(file: DiskFile, bytes: number): void {
    this.#changes += 1;
    file.claimedBytes = bytes;
    file.modifiedAtMs = this.#now();
  }

  append(file: DiskFile, text: string): void {
    this.#changes += 1;
    file.content = textOf(file) + text;
    file.modifiedAtMs = this.#now();
  }

  /** A relative target counts from the link's directory. */
  link(path: string, target: string): void {
    const absolute = target.startsWith("/") ? target : resolvePath(parentPath(path), target);
    this.#put(path, { kind: "link", target: absolute });
  }

  rename(from: string, to: string): void {
    const node = this.findSelf(from);
    if (node === undefined) throw new HostError("NotFound", from, "no such file or directory");
    const parent = this.#parent(to);
    this.remove(from);
    parent.entries.set(lastName(to), node);
    this.#changes += 1;
  }

  /** Takes the name away, whatever it is; mounts below must be gone. */
  remove(path: string): void {
    this.#changes += 1;
    const parent = this.find(parentPath(path));
    if (parent?.kind === "directory") parent.entries.delete(lastName(path));
  }

  /** Names in a directory, in the order of their making; `undefined`: no such directory. */
  list(path: string): readonly string[] | undefined {
    const node = this.find(path);
    return node?.kind === "directory" ? [...node.entries.keys()] : undefined;
  }

  /** Puts an empty filesystem in memory over the directory. */
  mountMemory(path: string, mode: number): void {
    this.#mountOver(path, { ...newDirectory(mode) }, "memory");
  }

  /** Shows `source` at `path`, too. */
  bind(path: string, source: DiskNode): void {
    if (source.kind === "directory") {
      this.#mountOver(path, { ...source }, "bind");
      return;
    }
    if (source.kind === "file") this.#put(path, source);
  }

  #mountOver(path: string, directory: Directory, kind: Mount["kind"]): void {
    const covered = this.findSelf(path);
    if (covered === undefined) throw new HostError("NotFound", path, "no such file or directory");
    directory.mount = { kind, users: 0, covered };
    this.#put(path, directory);
  }

  /** As after a reboot: nothing is mounted, and what was in memory is gone. */
  loseMounts(): void {
    this.#changes += 1;
    const restore = (directory: Directory) => {
      for (const [name, node] of directory.entries) {
        const bare = node.kind === "directory" && node.mount !== null ? node.mount.covered : node;
        directory.entries.set(name, bare);
        if (bare.kind === "directory") restore(bare);
      }
    };
    restore(this.#root);
  }

  /** It lies on a filesystem in memory. */
  isInMemory(path: string): boolean {
    const names = namesOf(path);
    return names.some((_, index) => {
      const node = this.findSelf(`/${names.slice(0, index + 1).join("/")}`);
      return node?.kind === "directory" && node.mount?.kind === "memory";
    });
  }

  /** Unmounts everything at and below a path; `false`: some of it is in use. */
  unmountBelow(path: string): boolean {
    const node = this.findSelf(path);
    if (node?.kind !== "directory") return true;
    if (node.mount?.kind !== "bind") {
      for (const name of node.entries.keys()) if (!this.unmountBelow(`${path}/${name}`)) return false;
    }
    if (node.mount === null) return true;
    if (node.mount.users > 0) return false;
    this.#put(path, node.mount.covered);
    return true;
  }

  #newEntry(parent: Directory, name: string, mode: number): Directory {
    this.#changes += 1;
    const directory = newDirectory(mode);
    parent.entries.set(name, directory);
    return directory;
  }

  #put(path: string, node: DiskNode): void {
    this.#changes += 1;
    this.#parent(path).entries.set(lastName(path), node);
  }

  #parent(path: string): Directory {
    const parent = this.find(parentPath(path));
    if (parent?.kind === "directory") return parent;
    throw new HostError("NotFound", path, "no such file or directory");
  }
}

export function newDirectory(mode: number): Directory {
  return { kind: "directory", mode, entries: new Map(), mount: null };
}

export function textOf(file: DiskFile): string {
  return typeof file.content === "string" ? file.content : new TextDecoder().decode(file.content);
}

export function bytesOf(file: DiskFile): Uint8Array {
  return typeof file.content === "string" ? new TextEncoder().encode(file.content) : file.content;
}

/** As a listing shows it. */
export function byteLengthOf(file: DiskFile): number {
  const { content, claimedBytes } = file;
  if (claimedBytes !== undefined) return claimedBytes;
  if (typeof content !== "string") return content.length;
  for (let at = 0; at < content.length; at++) if (content.charCodeAt(at) > 127) return bytesOf(file).length;
  return content.length;
}

export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `path` from `base` on, with "." and ".." worked out. */
export function resolvePath(base: string, path: string): string {
  const names = path.startsWith("/") ? [] : namesOf(base);
  for (const name of namesOf(path)) {
    if (name === "..") names.pop();
    else if (name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

export function namesOf(path: string): string[] {
  const names: string[] = [];
  for (let from = 0; from < path.length; ) {
    const slash = path.indexOf("/", from);
    const to = slash === -1 ? path.length : slash;
    if (to > from) names.push(path.slice(from, to));
    from = to + 1;
  }
  return names;
}
