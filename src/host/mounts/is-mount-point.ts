import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isErrno, toHostError } from "../files/errno.ts";
import { readMountsAt } from "../procfs/mount-info.ts";

/**
 * Whether something is mounted at the path, also a bind mount of the same filesystem; `false` where its directory is not
 * there. The kernel lists mounts by their real paths; the last part of this one is not followed. Rejects with HostError.
 */
export async function isMountPoint(path: string): Promise<boolean> {
  const parent = await realpath(dirname(path)).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw toHostError(error, path);
  });
  if (parent === undefined) return false;
  const real = join(parent, basename(path));
  return readMountsAt([real]).some(({ mountPoint }) => mountPoint === real);
}
