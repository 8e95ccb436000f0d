import { RuntimeError, type RuntimeErrorCode } from "../../ports/errors.ts";
import type { CallOptions } from "../../ports/runtime.ts";
import { type GrpcChannel, GrpcFailure } from "./channel.ts";
import { decode, encode, type MessageType } from "./message.ts";

/** The kubelet's runtimeRequestTimeout default. */
export const DEFAULT_TIMEOUT_MS = 120_000;

/** gRPC status codes by number; what is not named here is the runtime's own failure. */
const CODES: Readonly<Record<number, RuntimeErrorCode>> = {
  1: "Cancelled",
  3: "InvalidArgument",
  4: "DeadlineExceeded",
  5: "NotFound",
  6: "AlreadyExists",
  7: "Unauthenticated",
  8: "ResourceExhausted",
  9: "FailedPrecondition",
  12: "Unimplemented",
  14: "Unavailable",
  16: "Unauthenticated",
};

export function toRuntimeError(error: unknown, call: string): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error instanceof GrpcFailure) {
    return new RuntimeError(CODES[error.grpcCode] ?? "Unknown", call, error.message, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new RuntimeError("Unknown", call, message, { cause: error });
}

/** Calls methods of one gRPC service with typed messages. */
export type ServiceCall = <Request, Response>(
  method: string,
  requestType: MessageType<Request>,
  request: Request,
  responseType: MessageType<Response>,
  options?: CallOptions,
) => Promise<Response>;

/** `timeoutMs` is the deadline of calls that name none; `undefined`: none at all. */
export function createServiceCall(channel: GrpcChannel, service: string, timeoutMs: number | undefined): ServiceCall {
  return async (method, requestType, request, responseType, options) => {
    try {
      const deadline = timeoutMs === undefined ? {} : { timeoutMs };
      const response = await channel.unary(`/${service}/${method}`, encode(requestType, request), {
        ...deadline,
        ...options,
      });
      return decode(responseType, response);
    } catch (error) {
      throw toRuntimeError(error, method);
    }
  };
}

/** The value, or `undefined` where the runtime says NotFound. */
export async function orAbsent<T>(value: Promise<T>): Promise<T | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "NotFound") return undefined;
    throw error;
  }
}
