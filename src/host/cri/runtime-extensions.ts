import type { RuntimeExtensions } from "../../ports/runtime.ts";
import { createServiceCall, DEFAULT_TIMEOUT_MS } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import { checkpointContainerRequest } from "./container-schema.ts";
import { empty, runtimeConfigResponse } from "./status-schema.ts";

/** RuntimeConfig (CRI of 1.28 and later) and CheckpointContainer (of 1.25 and later, where the runtime does it). */
export function createRuntimeExtensions(channel: GrpcChannel): RuntimeExtensions {
  const call = createServiceCall(channel, "runtime.v1.RuntimeService", DEFAULT_TIMEOUT_MS);
  return {
    runtimeConfig: (options) => call("RuntimeConfig", empty, {}, runtimeConfigResponse, options),
    async checkpointContainer(id, location, timeoutSeconds, options) {
      await call("CheckpointContainer", checkpointContainerRequest, { id, location, timeoutSeconds }, empty, {
        timeoutMs: DEFAULT_TIMEOUT_MS + timeoutSeconds * 1000,
        ...options,
      });
    },
  };
}
