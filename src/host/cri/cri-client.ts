import type { ImageTransfers } from "../../ports/image-transfers.ts";
import type { ImageService, RuntimeExtensions, RuntimeService } from "../../ports/runtime.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import type { GrpcChannel } from "./channel.ts";
import { type ContainerdTasks, createContainerdTasks } from "./containerd-tasks.ts";
import { createContainerdTransfers } from "./containerd-transfers.ts";
import { createGrpcChannel } from "./http2-channel.ts";
import { createImageService } from "./image-service.ts";
import { removeStuck } from "./remove-stuck.ts";
import { createRuntimeExtensions } from "./runtime-extensions.ts";
import { createRuntimeService, type RuntimeServiceOptions } from "./runtime-service.ts";

/** Both CRI services of one runtime over one connection. */
export interface CriClient {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly extensions: RuntimeExtensions;
  readonly tasks: ContainerdTasks;
  readonly transfers: ImageTransfers;
  readonly channel: GrpcChannel;
  close(): void;
}

/** Connects lazily: nothing happens before the first call. `endpoint` is `unix:///path` or a bare socket path. */
export function createCriClient(endpoint: string, options: RuntimeServiceOptions = {}): CriClient {
  const channel = createGrpcChannel(endpoint);
  const tasks = createContainerdTasks(channel, createSystemClock());
  return {
    runtime: removeStuck(createRuntimeService(channel, options), tasks),
    images: createImageService(channel, options),
    extensions: createRuntimeExtensions(channel),
    tasks,
    transfers: createContainerdTransfers(channel),
    channel,
    close: () => channel.close(),
  };
}
