import type { GrpcCode } from "../../ports/errors.ts";
import type { CallOptions } from "../../ports/runtime.ts";

/** The gRPC status codes that the client itself gives. */
export const GrpcStatus = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

const CODE_NAMES: readonly ("OK" | GrpcCode)[] = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

/** A status code in Go's words; `undefined`: there is none of that number. */
export function grpcCodeName(code: number): "OK" | GrpcCode | undefined {
  return CODE_NAMES[code];
}

/** What a call came to when it did not succeed: a gRPC status. */
export class GrpcFailure extends Error {
  override readonly name = "GrpcFailure";
  readonly grpcCode: number;

  constructor(grpcCode: number, details: string, cause?: unknown) {
    super(details, { cause });
    this.grpcCode = grpcCode;
  }
}

export interface GrpcCallOptions extends CallOptions {
  /** Headers of the call. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** One connection to a runtime; reconnects by itself. Calls fail with GrpcFailure. */
export interface GrpcChannel {
  /** `method` is the full path, `/runtime.v1.RuntimeService/Version`. Without `timeoutMs` there is no deadline. */
  unary(method: string, request: Uint8Array, options: GrpcCallOptions): Promise<Uint8Array>;
  /** Resolves when the stream ends by itself or by `options.signal`; `onMessage` must not throw. */
  serverStream(
    method: string,
    request: Uint8Array,
    onMessage: (message: Uint8Array) => void,
    options: GrpcCallOptions,
  ): Promise<void>;
  close(): void;
}
