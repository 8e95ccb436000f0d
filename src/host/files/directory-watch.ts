import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { isErrno } from "./errno.ts";

/** What stands at the watched path. */
export type WatchedPlace = "directory" | "file" | "absent" | "other";

/**
 * Tells when something happens in a directory (inotify), also after it was moved away, replaced or made anew: `ensure`
 * looks what stands there and watches that; where nothing stands, it watches the parent for it.
 * `onEvent(undefined)`: anything may have changed.
 */
export class DirectoryWatch {
  readonly #path: string;
  readonly #onEvent: (name: string | undefined) => void;
  #watcher: FSWatcher | undefined;
  #watched = "";
  /** Why the kernel does not watch; then only looking again and again helps. */
  problem: unknown;

  constructor(path: string, onEvent: (name: string | undefined) => void) {
    this.#path = path;
    this.#onEvent = onEvent;
  }

  /** Rejects with the errno of a path that cannot be looked at. */
  async ensure(): Promise<WatchedPlace> {
    const { place, identity } = await this.#look();
    const wanted = `${place} ${identity}`;
    if (this.#watcher !== undefined && this.#watched === wanted) return place;
    this.close();
    const own = place === "directory";
    this.#watcher = this.#open(own ? this.#path : dirname(this.#path), own);
    this.#watched = this.#watcher === undefined ? "" : wanted;
    return place;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = "";
  }

  async #look(): Promise<{ readonly place: WatchedPlace; readonly identity: string }> {
    try {
      const stats = await stat(this.#path, { bigint: true });
      const place = stats.isDirectory() ? "directory" : stats.isFile() ? "file" : "other";
      return { place, identity: place === "directory" ? `${stats.dev}:${stats.ino}` : "" };
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return { place: "absent", identity: "" };
      throw error;
    }
  }

  #open(directory: string, own: boolean): FSWatcher | undefined {
    const name = basename(this.#path);
    try {
      const watcher = watch(directory, (_event, changed) => {
        if (changed === null) this.#onEvent(undefined);
        // An event of the watched directory itself (moved, deleted) carries its own name.
        else if (changed === name || changed.startsWith("..")) this.#onEvent(undefined);
        else if (own) this.#onEvent(changed);
      });
      watcher.on("error", (error) => {
        this.problem = error;
        if (this.#watcher === watcher) this.close();
        this.#onEvent(undefined);
      });
      this.problem = undefined;
      return watcher;
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTDIR")) this.problem = error;
      return undefined;
    }
  }
}
