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

/** How a call of a node plugin ended: the status codes of gRPC. */
export type GrpcCode =
  | "Canceled"
  | "Unknown"
  | "InvalidArgument"
  | "DeadlineExceeded"
  | "NotFound"
  | "AlreadyExists"
  | "PermissionDenied"
  | "ResourceExhausted"
  | "FailedPrecondition"
  | "Aborted"
  | "OutOfRange"
  | "Unimplemented"
  | "Internal"
  | "Unavailable"
  | "DataLoss"
  | "Unauthenticated";

/** A call of a plugin that failed. `message` is as Go's gRPC writes it: `rpc error: code = Internal desc = ...`. */
export class CsiError extends Error {
  override readonly name = "CsiError";
  readonly code: GrpcCode;
  /** "NodeStageVolume". */
  readonly call: string;

  constructor(code: GrpcCode, call: string, description: string, options?: { readonly cause?: unknown }) {
    super(`rpc error: code = ${code} desc = ${description}`, options);
    this.code = code;
    this.call = call;
  }
}

const UNFINISHED: ReadonlySet<GrpcCode> = new Set([
  "Canceled",
  "DeadlineExceeded",
  "Unavailable",
  "ResourceExhausted",
  "Aborted",
]);

/** The driver has done nothing and does nothing any more. Source: volume/csi csi_client.go isFinalError. */
export function isFinalCsiError(error: unknown): boolean {
  return error instanceof CsiError && !UNFINISHED.has(error.code);
}
