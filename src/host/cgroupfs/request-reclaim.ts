import { isErrno } from "../files/errno.ts";
import { writeControl } from "./cgroup-tree.ts";

/** `true`: some memory was taken back, or nothing says that it was not. */
export async function requestReclaim(file: string, value: string): Promise<boolean> {
  try {
    return await writeControl(file, value);
  } catch (error) {
    // EAGAIN: less than what was asked for. EBUSY: some of it is in use.
    if (isErrno(error, "EAGAIN", "EBUSY")) return true;
    if (isErrno(error, "EINVAL", "EACCES", "ENODEV", "EINTR")) return false;
    throw error;
  }
}
