import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isErrno, toHostError } from "./errno.ts";

/** At most the last `maxBytes` of a regular file; `undefined`: it is not there. Never blocks on a FIFO. */
export async function readLastBytes(path: string, maxBytes: number): Promise<Buffer | undefined> {
  return withFile(path, async (handle, size) => {
    const start = Math.max(0, size - maxBytes);
    return readFrom(handle, start, Math.min(size, maxBytes));
  });
}

/** At most the first `maxBytes` of a regular file; `undefined`: it is not there. */
export async function readFirstBytes(path: string, maxBytes: number): Promise<Buffer | undefined> {
  return withFile(path, (handle, size) => readFrom(handle, 0, Math.min(maxBytes, Math.max(size, 65_536))));
}

async function withFile<T>(path: string, use: (handle: FileHandle, size: number) => Promise<T>) {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  }
  try {
    const stats = await handle.stat();
    return stats.isFile() ? await use(handle, stats.size) : undefined;
  } catch (error) {
    throw toHostError(error, path);
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
