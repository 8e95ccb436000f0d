import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { errorMessage } from "../../ports/errors.ts";
import type { ManifestFile } from "../../ports/manifest-source.ts";
import { isErrno } from "./errno.ts";

/** The kubelet's limit for the manifests of one file or URL (config/common.go maxConfigLength). */
export const largestManifestBytes = 10 * 1024 * 1024;

/** What is at a path: nothing, something that is no file, or a file with its text or a problem. */
export type ManifestReading =
  | { readonly is: "absent" }
  | { readonly is: "other" }
  | {
      readonly is: "file";
      readonly file: ManifestFile;
      /** Changes whenever the file may have changed. */
      readonly stamp: string;
      readonly inode: bigint;
      readonly sizeBytes: number;
      /** It changed while it was read. */
      readonly moving: boolean;
    };

/** Reads a manifest file of bounded size, links followed. A file that cannot be read has a `problem`. */
export async function readManifest(path: string): Promise<ManifestReading> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return absentOrDangling(path);
    if (isErrno(error, "ENXIO", "ENODEV")) return { is: "other" }; // a socket, a FIFO
    return withProblem(path, errorMessage(error));
  }
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) return { is: "other" };
    return await readOpen(handle, path, before);
  } catch (error) {
    return withProblem(path, errorMessage(error));
  } finally {
    await handle.close();
  }
}

/** A text that changes whenever the file's content may have changed. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Bytes as text, or why they are none. */
export function decodeManifest(bytes: Uint8Array): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: "not a text in UTF-8" };
  }
}

async function readOpen(handle: FileHandle, path: string, before: BigIntStats): Promise<ManifestReading> {
  const common = { path, modifiedAtMs: Number(before.mtimeNs / 1_000_000n) };
  const about = { is: "file", stamp: stampOf(before), inode: before.ino, sizeBytes: Number(before.size) } as const;
  if (before.size > largestManifestBytes) {
    const problem = `too large: ${before.size} bytes, at most ${largestManifestBytes} are read`;
    return { ...about, moving: false, file: { ...common, text: undefined, problem } };
  }
  const bytes = await handle.readFile();
  const after = await handle.stat({ bigint: true });
  const decoded = decodeManifest(bytes);
  const file = "text" in decoded ? { ...common, text: decoded.text } : { ...common, text: undefined, ...decoded };
  const moving = stampOf(after) !== about.stamp || bytes.byteLength !== about.sizeBytes;
  return { ...about, moving, file };
}

async function absentOrDangling(path: string): Promise<ManifestReading> {
  try {
    return withProblem(path, `a link to ${await readlink(path)}, which is not there`);
  } catch {
    return { is: "absent" };
  }
}

function withProblem(path: string, problem: string): ManifestReading {
  const file: ManifestFile = { path, modifiedAtMs: 0, text: undefined, problem };
  return { is: "file", file, stamp: problem, inode: 0n, sizeBytes: 0, moving: false };
}
