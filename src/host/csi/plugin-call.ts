import { CsiError, type GrpcCode } from "../../ports/errors.ts";
import { type GrpcChannel, GrpcFailure, grpcCodeName } from "../cri/channel.ts";
import { decode, encode, type MessageType } from "../cri/message.ts";

/** Calls methods of one service of a plugin; rejects with CsiError. */
export type PluginCall = <Request, Response>(
  method: string,
  requestType: MessageType<Request>,
  request: Request,
  responseType: MessageType<Response>,
  signal?: AbortSignal,
) => Promise<Response>;

export function createPluginCall(channel: GrpcChannel, service: string, timeoutMs: number): PluginCall {
  return async (method, requestType, request, responseType, signal) => {
    try {
      const response = await channel.unary(`/${service}/${method}`, encode(requestType, request), {
        timeoutMs,
        ...(signal !== undefined && { signal }),
      });
      return decode(responseType, response);
    } catch (error) {
      throw toCsiError(error, method);
    }
  };
}

function toCsiError(error: unknown, call: string): CsiError {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof GrpcFailure)) return new CsiError("Unknown", call, text, { cause: error });
  return new CsiError(codeOf(error.grpcCode), call, text, { cause: error });
}

/** A code that nobody knows, and a success that was told as a failure, say nothing. */
function codeOf(code: number): GrpcCode {
  const name = grpcCodeName(code);
  return name === undefined || name === "OK" ? "Unknown" : name;
}
