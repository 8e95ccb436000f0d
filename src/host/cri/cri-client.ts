import type { ImageService, RuntimeExtensions, RuntimeService } from "../../ports/runtime.ts";
import type { GrpcChannel } from "./channel.ts";
import { createGrpcChannel } from "./http2-channel.ts";
import { createImageService } from "./image-service.ts";
import { createRuntimeExtensions } from "./runtime-extensions.ts";
import { createRuntimeService, type RuntimeServiceOptions } from "./runtime-service.ts";

/** Both CRI services of one runtime over one connection. */
export interface CriClient {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly extensions: RuntimeExtensions;
  readonly channel: GrpcChannel;
  close(): void;
}

/** Connects lazily: nothing happens before the first call. `endpoint` is `unix:///path` or a bare socket path. */
export function createCriClient(endpoint: string, options: RuntimeServiceOptions = {}): CriClient {
  const channel = createGrpcChannel(endpoint);
  return {
    runtime: createRuntimeService(channel, options),
    images: createImageService(channel, options),
    extensions: createRuntimeExtensions(channel),
    channel,
    close: () => channel.close(),
  };
}
