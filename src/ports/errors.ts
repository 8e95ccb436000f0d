/** Why a call to the runtime failed, translated from gRPC in the host. */
export type RuntimeErrorCode =
  | "Unavailable" // not there, or the connection broke: the call may or may not have happened
  | "DeadlineExceeded"
  | "Cancelled"
  | "NotFound"
  | "AlreadyExists"
  | "InvalidArgument"
  | "FailedPrecondition"
  | "ResourceExhausted"
  | "Unauthenticated"
  | "Unimplemented"
  | "Unknown"; // the runtime answered with an error of its own; `message` has its words

/** A failed runtime call. `message` is the runtime's own text, without a gRPC prefix. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;
  /** The CRI call, for example `RunPodSandbox`. */
  readonly call: string;

  constructor(code: RuntimeErrorCode, call: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.call = call;
  }
}

/** `error` is a RuntimeError with one of these codes. */
export function isRuntimeError(error: unknown, ...codes: readonly RuntimeErrorCode[]): error is RuntimeError {
  return error instanceof RuntimeError && (codes.length === 0 || codes.includes(error.code));
}

/** Text of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong on this machine, translated from errno in the host. */
export type HostErrorCode =
  | "NotFound"
  | "AlreadyExists"
  | "Denied"
  | "NoSpace"
  | "Busy"
  | "ReadOnly"
  | "Invalid"
  | "Other";

/** A failed operation on a file, mount or cgroup; `path` is the place. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly code: HostErrorCode;
  readonly path: string;

  constructor(code: HostErrorCode, path: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
