import { HostError, type HostErrorCode } from "../../ports/errors.ts";

const codes: Readonly<Record<string, HostErrorCode>> = {
  ENOENT: "NotFound",
  ENOTDIR: "NotFound",
  ENODEV: "NotFound",
  ESRCH: "NotFound",
  EEXIST: "AlreadyExists",
  ENOTEMPTY: "AlreadyExists",
  EACCES: "Denied",
  EPERM: "Denied",
  ENOSPC: "NoSpace",
  EDQUOT: "NoSpace",
  EMFILE: "NoSpace",
  ENFILE: "NoSpace",
  ENOMEM: "NoSpace",
  EBUSY: "Busy",
  ETXTBSY: "Busy",
  EAGAIN: "Busy",
  EROFS: "ReadOnly",
  EINVAL: "Invalid",
  ERANGE: "Invalid",
  EISDIR: "Invalid",
  ELOOP: "Invalid",
  ENAMETOOLONG: "Invalid",
};

/** The errno name of a failed system call ("ENOENT"); `undefined`: `error` is something else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** `error` is one of these errnos. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  const name = errnoOf(error);
  return name !== undefined && names.includes(name);
}

/** A failed system call as a HostError; a HostError stays what it is. */
export function toHostError(error: unknown, path: string, doing?: string): HostError {
  if (error instanceof HostError) return error;
  const name = errnoOf(error);
  const text = error instanceof Error ? error.message : String(error);
  return new HostError((name && codes[name]) || "Other", path, doing === undefined ? text : `${doing}: ${text}`, {
    cause: error,
  });
}

/** Awaits `work`; what it throws becomes a HostError about `path`. */
export async function asHostError<T>(path: string, work: Promise<T>, doing?: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toHostError(error, path, doing);
  }
}
