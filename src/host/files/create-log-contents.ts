import { constants, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { LogContents, OpenLog } from "../../ports/log-contents.ts";
import { asHostError, isErrno, toHostError } from "./errno.ts";

/** Logs on this machine. */
export function createLogContents(): LogContents {
  return { open: openLog, watch: watchLog };
}

async function openLog(path: string): Promise<OpenLog | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  }
  const { dev, ino } = await handle.stat({ bigint: true });
  return {
    sizeBytes: async () => (await asHostError(path, handle.stat())).size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await asHostError(path, handle.read(buffer, 0, length, offset));
      return buffer.subarray(0, bytesRead);
    },
    async isReplaced() {
      try {
        const now = await stat(path, { bigint: true });
        return now.dev !== dev || now.ino !== ino;
      } catch (error) {
        if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
        throw toHostError(error, path);
      }
    },
    close: () => handle.close(),
  };
}

function watchLog(path: string, onChange: () => void): () => void {
  try {
    const watcher = watch(dirname(path), { persistent: false }, () => onChange());
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
