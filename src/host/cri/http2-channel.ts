import type { Buffer } from "node:buffer";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createConnection, type Socket } from "node:net";
import { type GrpcCallOptions, type GrpcChannel, GrpcFailure, GrpcStatus } from "./channel.ts";
import { FrameReader, frame } from "./grpc-frame.ts";

/** A bound, not a reserve: several of the largest messages at a time. The default of 10 would refuse a second one. */
const MAX_SESSION_MEGABYTES = 64;

/**
 * gRPC over one HTTP/2 connection on a Unix socket, as much as CRI needs: unary calls and server streams, no compression.
 * The connection is made by the first call, and made anew by the first call after it broke, so that a runtime that comes
 * back is seen by the next call.
 */
export function createGrpcChannel(endpoint: string): GrpcChannel {
  const path = endpoint.replace(/^unix:(\/\/)?/, "");
  return createGrpcChannelOver(() => createConnection(path), "localhost");
}

/** The same over what `open` opens; `authority` is who the server is called. */
export function createGrpcChannelOver(open: () => Socket, authority: string): GrpcChannel {
  let session: ClientHttp2Session | undefined;
  let closed = false;

  function use(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const opened = connect(`http://${authority}`, {
      createConnection: open,
      maxSessionMemory: MAX_SESSION_MEGABYTES,
    });
    // What it means to the calls under way is told to their streams.
    opened.on("error", () => {});
    const forget = () => {
      if (session === opened) session = undefined;
    };
    opened.once("goaway", forget);
    opened.once("close", forget);
    session = opened;
    return opened;
  }

  function call(
    method: string,
    request: Uint8Array,
    onMessage: (message: Uint8Array) => void,
    { timeoutMs, signal, metadata }: GrpcCallOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new GrpcFailure(GrpcStatus.UNAVAILABLE, "the channel is closed"));
      if (signal?.aborted) return reject(new GrpcFailure(GrpcStatus.CANCELLED, "cancelled"));
      const stream = use().request(requestHeaders(method, timeoutMs, metadata));
      const frames = new FrameReader(onMessage);
      let ownFailure: GrpcFailure | undefined;
      let lastHeaders: IncomingHttpHeaders = {};
      let cause: unknown;
      const giveUp = (failure: GrpcFailure) => {
        ownFailure ??= failure;
        stream.close(constants.NGHTTP2_CANCEL);
      };
      const cancel = () => giveUp(new GrpcFailure(GrpcStatus.CANCELLED, "cancelled"));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => giveUp(new GrpcFailure(GrpcStatus.DEADLINE_EXCEEDED, "deadline exceeded")), timeoutMs);
      signal?.addEventListener("abort", cancel, { once: true });
      stream.on("response", (headers) => {
        lastHeaders = headers;
      });
      stream.on("trailers", (headers) => {
        lastHeaders = headers;
      });
      stream.on("data", (chunk: Buffer) => {
        try {
          frames.push(chunk);
        } catch (error) {
          giveUp(new GrpcFailure(GrpcStatus.RESOURCE_EXHAUSTED, String(error), error));
        }
      });
      stream.on("error", (error) => {
        cause = error;
      });
      stream.on("close", () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        const failure = ownFailure ?? failureOf(lastHeaders, stream, cause);
        if (failure === undefined) resolve();
        else reject(failure);
      });
      stream.end(frame(request));
    });
  }

  return {
    async unary(method, request, options) {
      let response: Uint8Array | undefined;
      await call(
        method,
        request,
        (message) => {
          response ??= message;
        },
        options,
      );
      if (response === undefined) throw new GrpcFailure(GrpcStatus.INTERNAL, "no message in the response");
      return response;
    },
    async serverStream(method, request, onMessage, options) {
      try {
        await call(method, request, onMessage, options);
      } catch (error) {
        if (options.signal?.aborted !== true) throw error;
      }
    },
    close() {
      closed = true;
      session?.destroy();
      session = undefined;
    },
  };
}

function requestHeaders(
  method: string,
  timeoutMs: number | undefined,
  metadata: Readonly<Record<string, string>> = {},
): OutgoingHttpHeaders {
  return {
    ":method": "POST",
    ":path": method,
    "content-type": "application/grpc",
    te: "trailers",
    // At most eight digits, in milliseconds: a bit over a day.
    ...(timeoutMs !== undefined && { "grpc-timeout": `${Math.min(99_999_999, Math.max(1, Math.ceil(timeoutMs)))}m` }),
    ...metadata,
  };
}

/** What the server said at the end, or what became of the connection where it said nothing. */
function failureOf(headers: IncomingHttpHeaders, stream: ClientHttp2Stream, cause: unknown): GrpcFailure | undefined {
  const status = headers["grpc-status"];
  if (status !== undefined) {
    const code = Number(status);
    return code === 0 ? undefined : new GrpcFailure(code, decodeMessage(String(headers["grpc-message"] ?? "")));
  }
  const httpStatus = headers[":status"];
  if (httpStatus !== undefined && Number(httpStatus) !== 200) {
    return new GrpcFailure(GrpcStatus.UNKNOWN, `the server answered with HTTP status ${httpStatus}`);
  }
  // Node.js wraps what befell the connection; the reason within is what says something.
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = reason instanceof Error ? reason.message : `the connection ended (HTTP/2 code ${stream.rstCode})`;
  return new GrpcFailure(GrpcStatus.UNAVAILABLE, text, cause);
}

/** grpc-message is percent-encoded UTF-8; what is not well formed stands as it is. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
