import { Client, type ClientOptions, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { CallOptions } from "../../ports/runtime.ts";

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

/** As the kubelet's maxMsgSize. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const CHANNEL_OPTIONS: ClientOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  // A runtime that comes back is seen within a second.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  // The agent decides what is tried again.
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.default_authority": "localhost",
};

const identity = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** `endpoint` is `unix:///run/containerd/containerd.sock`, or a bare path. */
export function createGrpcChannel(endpoint: string): GrpcChannel {
  const target = endpoint.startsWith("/") ? `unix://${endpoint}` : endpoint;
  const client = new Client(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  return {
    unary(method, request, { timeoutMs, signal, metadata }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(new GrpcFailure(status.CANCELLED, "cancelled"));
          return;
        }
        const callOptions = timeoutMs === undefined ? {} : { deadline: deadlineAfter(timeoutMs) };
        const call = client.makeUnaryRequest(
          method,
          identity,
          identity,
          request,
          toMetadata(metadata),
          callOptions,
          (error, response) => {
            signal?.removeEventListener("abort", cancel);
            if (error !== null) reject(toFailure(error));
            else if (response === undefined) reject(new GrpcFailure(status.INTERNAL, "no message in the response"));
            else resolve(response);
          },
        );
        const cancel = () => call.cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      });
    },
    serverStream(method, request, onMessage, { timeoutMs, signal, metadata }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const headers = toMetadata(metadata);
        const callOptions = timeoutMs === undefined ? {} : { deadline: deadlineAfter(timeoutMs) };
        const stream = client.makeServerStreamRequest(method, identity, identity, request, headers, callOptions);
        const cancel = () => stream.cancel();
        signal?.addEventListener("abort", cancel, { once: true });
        stream.on("data", onMessage);
        stream.on("error", (error: ServiceError) => {
          signal?.removeEventListener("abort", cancel);
          if (signal?.aborted) resolve();
          else reject(toFailure(error));
        });
        stream.on("end", () => {
          signal?.removeEventListener("abort", cancel);
          resolve();
        });
      });
    },
    close() {
      client.close();
    },
  };
}

function toMetadata(headers: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}

function deadlineAfter(timeoutMs: number): number {
  return Date.now() + timeoutMs;
}

function toFailure(error: ServiceError): GrpcFailure {
  return new GrpcFailure(error.code, error.details, error);
}
