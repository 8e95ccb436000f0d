import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open, readlink, realpath, stat } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import { isErrno, toHostError } from "./errno.ts";

/** O_PATH of Linux, which Node.js does not name: an open file that stands for its place, without opening its content. */
const O_PATH = 0o10000000;
const mostLinks = 40;
/** Each level holds a descriptor open. */
const mostLevels = 255;

/** What a subPath resolved to: the open file (it stays this very file whatever is renamed meanwhile) and its path. */
export interface ResolvedSubPath {
  readonly handle: FileHandle;
  readonly path: string;
  readonly isDirectory: boolean;
}

/**
 * Walks `subPath` below `volumePath` element by element on open descriptors. Links inside of the volume are followed,
 * a way out of it is refused, missing directories are made with the volume's mode. The caller closes `handle`.
 * Source: kubelet volume/util/subpath SafeMakeDir, doSafeOpen.
 */
export async function resolveSubPath(volumePath: string, subPath: string): Promise<ResolvedSubPath> {
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) {
    throw new HostError("Invalid", volumePath, `subPath "${subPath}" must be a relative path without ".."`);
  }
  const walk = new SubPathWalk(subPath);
  try {
    await walk.begin(volumePath);
    await walk.follow(subPath.split("/"));
    return await walk.finish();
  } catch (error) {
    throw toHostError(error, `${volumePath}/${subPath}`, "cannot resolve the subPath");
  } finally {
    await walk.close();
  }
}

class SubPathWalk {
  readonly #subPath: string;
  #base = "";
  #mode = 0o755;
  #links = 0;
  /** Open places from the volume itself down to where the walk stands. */
  #open: FileHandle[] = [];

  constructor(subPath: string) {
    this.#subPath = subPath;
  }

  async begin(volumePath: string): Promise<void> {
    this.#base = await realpath(volumePath);
    this.#mode = (await stat(this.#base)).mode & 0o777;
    this.#open.push(await open(this.#base, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  }

  async follow(elements: readonly string[]): Promise<void> {
    for (const element of elements) {
      if (element === "" || element === ".") continue;
      if (element === "..") await this.#up();
      else await this.#down(element);
    }
  }

  async finish(): Promise<ResolvedSubPath> {
    const handle = this.#open.pop();
    if (handle === undefined) throw this.#outside();
    const path = await readlink(`/proc/self/fd/${handle.fd}`);
    return { handle, path, isDirectory: (await handle.stat()).isDirectory() };
  }

  async close(): Promise<void> {
    for (const handle of this.#open) await handle.close();
  }

  async #up(): Promise<void> {
    if (this.#open.length < 2) throw this.#outside();
    await this.#open.pop()?.close();
  }

  async #down(element: string): Promise<void> {
    if (this.#open.length > mostLevels) {
      throw new HostError("Invalid", this.#base, `the subPath is more than ${mostLevels} levels deep`);
    }
    const place = `/proc/self/fd/${this.#open.at(-1)?.fd}/${element}`;
    const handle = await this.#openOrMake(place);
    if (!(await handle.stat()).isSymbolicLink()) {
      this.#open.push(handle);
      return;
    }
    // The path of a link that is open by O_PATH leads to its target, so the link is read by its name.
    await handle.close();
    if (++this.#links > mostLinks) throw new HostError("Invalid", this.#base, `too many links in "${this.#subPath}"`);
    await this.#followLink(await readlink(place));
  }

  async #openOrMake(place: string): Promise<FileHandle> {
    try {
      return await open(place, O_PATH | constants.O_NOFOLLOW);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
    const made = await mkdir(place).then(
      () => true,
      (error: unknown) => {
        if (isErrno(error, "EEXIST")) return false;
        throw error;
      },
    );
    const handle = await open(place, O_PATH | constants.O_NOFOLLOW);
    if (made && (await handle.stat()).isDirectory()) await chmod(`/proc/self/fd/${handle.fd}`, this.#mode);
    return handle;
  }

  async #followLink(target: string): Promise<void> {
    if (!target.startsWith("/")) return this.follow(target.split("/"));
    if (target !== this.#base && !target.startsWith(`${this.#base}/`)) throw this.#outside();
    while (this.#open.length > 1) await this.#open.pop()?.close();
    await this.follow(target.slice(this.#base.length).split("/"));
  }

  #outside(): HostError {
    return new HostError("Denied", this.#base, `subpath "${this.#subPath}" not within volume path "${this.#base}"`);
  }
}
