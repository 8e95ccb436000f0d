import { readdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import { DirectoryWatch, type WatchedPlace } from "./directory-watch.ts";
import { isErrno } from "./errno.ts";
import { isManifestName } from "./manifest-names.ts";
import { type ManifestReading, readManifest, stampOf } from "./read-manifest.ts";

export interface DirectorySourceOptions {
  readonly kind: "file" | "manifests";
  /** A directory, or one file. It need not be there. */
  readonly path: string;
  /** How often everything is looked through without an event; the kubelet's fileCheckFrequency. */
  readonly rescanMs: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** No event for so long: the writer is done. */
const quietMs = 3;
/** A file that looks half-written is waited for this long after its last change. */
const settleMs = 250;
const settleStepMs = 25;
/** A name that vanished is gone after this time: editors and tools delete and make anew. */
const absentMs = 100;
/** The same for the whole directory. */
const directoryAbsentMs = 1000;
/** Where the kernel tells nothing (no directory yet, no inotify watch left), looking is all there is. */
const blindRescanMs = 1000;

/**
 * Manifests of a directory: told by inotify within milliseconds, with a slow rescan as a safety net. A directory that
 * is not there has no manifests (kubelet config/file.go listConfig); one that cannot be read is `unreadable`. Only the
 * directory itself is read, not the ones in it.
 */
export function createDirectorySource(options: DirectorySourceOptions): ManifestSource {
  const path = resolve(options.path);
  const complete = { ...options, path, clock: options.clock ?? createSystemClock() };
  return {
    kind: options.kind,
    location: path,
    run: (onSnapshot, signal) => new DirectoryReader(complete, onSnapshot).run(signal),
  };
}

type ReadFile = Extract<ManifestReading, { is: "file" }>;

class DirectoryReader {
  readonly #options: DirectorySourceOptions & { readonly clock: Clock };
  readonly #clock: Clock;
  readonly #onSnapshot: (snapshot: ManifestSnapshot) => void;
  readonly #watch: DirectoryWatch;
  readonly #known = new Map<string, ReadFile>();
  /** When a name is to be read, by the monotonic clock. */
  readonly #due = new Map<string, number>();
  readonly #unsettled = new Map<string, { readonly stamp: string; readonly since: number }>();
  /** When a name that vanished is given up. */
  readonly #vanishing = new Map<string, number>();
  #scanAt = 0;
  #directoryAbsentSince: number | undefined;
  #place: WatchedPlace = "absent";
  #changed = true;
  #first = true;
  #unreadable: string | undefined;
  #scanned = false;
  #watchProblem = "";
  #wake: () => void = () => {};

  constructor(
    options: DirectorySourceOptions & { readonly clock: Clock },
    onSnapshot: (snapshot: ManifestSnapshot) => void,
  ) {
    this.#options = options;
    this.#clock = options.clock;
    this.#onSnapshot = onSnapshot;
    this.#watch = new DirectoryWatch(options.path, (name) => this.#touched(name));
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        await this.#step();
        if (signal.aborted) break;
        this.#emit();
        await this.#wait(signal);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#watch.close();
    }
  }

  #touched(name: string | undefined): void {
    const at = this.#clock.monotonic() + quietMs;
    if (name === undefined) this.#scanAt = Math.min(this.#scanAt, at);
    else if (isManifestName(name, this.#options.kind)) this.#due.set(name, at);
    else return;
    this.#wake();
  }

  async #step(): Promise<void> {
    if (this.#clock.monotonic() >= this.#scanAt) await this.#scan();
    const now = this.#clock.monotonic();
    const ready = [...this.#due].filter(([, at]) => at <= now).map(([name]) => name);
    for (const name of ready) this.#due.delete(name);
    await Promise.all(ready.map((name) => this.#read(name)));
    for (const [name, at] of this.#vanishing) if (at <= this.#clock.monotonic()) this.#forget(name);
  }

  async #scan(): Promise<void> {
    this.#scanAt = this.#clock.monotonic() + this.#options.rescanMs;
    try {
      this.#place = await this.#watch.ensure();
      this.#tellWatchProblem();
      if (this.#place === "other") throw new Error(`${this.#options.path} is not a directory or file`);
      if (this.#watch.problem !== undefined || this.#place === "absent") this.#scanSoon(blindRescanMs);
      const names = await this.#names();
      this.#setUnreadable(undefined);
      if (names === undefined) return;
      for (const name of this.#known.keys()) if (!names.has(name)) this.#vanished(name);
      await Promise.all([...names].map((name) => this.#compare(name)));
    } catch (error) {
      this.#setUnreadable(errorMessage(error));
      this.#scanSoon(blindRescanMs);
    }
    this.#scanned = true;
  }

  #scanSoon(ms: number): void {
    this.#scanAt = Math.min(this.#scanAt, this.#clock.monotonic() + ms);
  }

  /** `undefined`: the directory has just gone; it may come back. */
  async #names(): Promise<ReadonlySet<string> | undefined> {
    if (this.#place === "file") return new Set([""]);
    const listed = this.#place === "directory" ? await this.#list() : undefined;
    if (listed !== undefined) {
      this.#directoryAbsentSince = undefined;
      return new Set(listed.filter((name) => isManifestName(name, this.#options.kind)));
    }
    const now = this.#clock.monotonic();
    this.#directoryAbsentSince ??= now;
    if (this.#known.size === 0 || now - this.#directoryAbsentSince >= directoryAbsentMs) return new Set();
    this.#scanSoon(directoryAbsentMs / 10);
    return undefined;
  }

  async #list(): Promise<readonly string[] | undefined> {
    try {
      return await readdir(this.#options.path);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  }

  /** Reads a listed file again only if it is not the one that is known. */
  async #compare(name: string): Promise<void> {
    const known = this.#known.get(name);
    if (known !== undefined && !this.#vanishing.has(name)) {
      const stats = await stat(this.#pathOf(name), { bigint: true }).catch(() => undefined);
      if (stats !== undefined && stampOf(stats) === known.stamp) return;
    }
    await this.#read(name);
  }

  async #read(name: string): Promise<void> {
    const reading = await readManifest(this.#pathOf(name));
    if (reading.is === "absent") return this.#vanished(name);
    if (reading.is === "other") return this.#forget(name);
    this.#vanishing.delete(name);
    if (this.#looksHalfWritten(name, reading)) {
      this.#due.set(name, this.#clock.monotonic() + settleStepMs);
      return;
    }
    this.#unsettled.delete(name);
    const known = this.#known.get(name)?.file;
    const same = known !== undefined && known.text === reading.file.text && known.problem === reading.file.problem;
    this.#known.set(name, same ? { ...reading, file: known } : reading);
    if (!same) this.#changed = true;
  }

  /**
   * Writers write small files at once, larger ones in pieces of 4 KiB or more. The kernel does not tell Node.js when a
   * writer closes the file, so what may be the first piece of a longer text is given time to grow.
   */
  #looksHalfWritten(name: string, reading: ReadFile): boolean {
    const known = this.#known.get(name);
    const shrank = known !== undefined && known.inode === reading.inode && reading.sizeBytes < known.sizeBytes;
    if (!reading.moving && reading.file.problem === undefined && !mayGoOn(reading.file.text ?? "", reading, shrank)) {
      return false;
    }
    const age = this.#clock.now() - reading.file.modifiedAtMs;
    if (!reading.moving && age >= settleMs) return false;
    const unsettled = this.#unsettled.get(name);
    if (unsettled?.stamp === reading.stamp) return this.#clock.monotonic() - unsettled.since < settleMs;
    this.#unsettled.set(name, { stamp: reading.stamp, since: this.#clock.monotonic() });
    return true;
  }

  #vanished(name: string): void {
    this.#unsettled.delete(name);
    if (!this.#known.has(name) || this.#vanishing.has(name)) return;
    this.#vanishing.set(name, this.#clock.monotonic() + (this.#place === "absent" ? 0 : absentMs));
  }

  #forget(name: string): void {
    this.#vanishing.delete(name);
    this.#unsettled.delete(name);
    if (this.#known.delete(name)) this.#changed = true;
  }

  #setUnreadable(message: string | undefined): void {
    if (this.#unreadable === message) return;
    this.#unreadable = message;
    this.#changed = true;
  }

  #emit(): void {
    // The first snapshot decides what may be cleaned up, so it waits for files that are just being written.
    if (!this.#changed || (!this.#scanned && this.#unreadable === undefined)) return;
    if (this.#first && this.#unsettled.size > 0) return;
    this.#changed = false;
    this.#first = false;
    this.#onSnapshot(this.#unreadable === undefined ? { files: this.#files() } : { unreadable: this.#unreadable });
  }

  #files(): readonly ManifestFile[] {
    const files = [...this.#known.values()].map((reading) => reading.file);
    return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const next = Math.min(this.#scanAt, ...this.#due.values(), ...this.#vanishing.values());
    const ms = next - this.#clock.monotonic();
    if (ms <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => {};
  }

  #pathOf(name: string): string {
    return name === "" ? this.#options.path : `${this.#options.path}/${name}`;
  }

  #tellWatchProblem(): void {
    const problem = this.#watch.problem === undefined ? "" : errorMessage(this.#watch.problem);
    if (problem !== "" && problem !== this.#watchProblem) {
      this.#options.log?.warn("Cannot watch for manifests; looking for changes every second instead", {
        path: this.#options.path,
        problem,
      });
    }
    this.#watchProblem = problem;
  }
}

const pieceBytes = 4096;

/** The text may be the beginning of a longer one. */
function mayGoOn(text: string, { sizeBytes }: ReadFile, shrank: boolean): boolean {
  if (sizeBytes === 0) return true;
  if (sizeBytes < pieceBytes) return false;
  if (shrank || sizeBytes % pieceBytes === 0) return true;
  return !text.endsWith("\n") && !isWholeJson(text);
}

function isWholeJson(text: string): boolean {
  if (!/[}\]]\s*$/.test(text.slice(-64))) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
