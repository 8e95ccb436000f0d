import type { Clock } from "../../ports/clock.ts";
import { isRuntimeError } from "../../ports/errors.ts";
import type { RuntimeEventSource } from "../../ports/runtime.ts";
import { createContainerdEventSource } from "./containerd-event-source.ts";
import type { CriClient } from "./cri-client.ts";
import { createCriEventSource } from "./cri-event-source.ts";
import { settleStops } from "./settle-stops.ts";

/** CRI's stream where the runtime has it, else containerd's event service, else `Unimplemented`. */
export function createRuntimeEventSource(client: CriClient, clock: Clock): RuntimeEventSource {
  const { channel, runtime } = client;
  return firstImplemented([
    createCriEventSource(channel, clock),
    settleStops(createContainerdEventSource(channel, clock), runtime, clock),
  ]);
}

/** Tried anew on each run: the runtime may have been replaced by one that can do more. */
export function firstImplemented(sources: readonly [RuntimeEventSource, ...RuntimeEventSource[]]): RuntimeEventSource {
  return {
    async run(onConnected, onEvent, signal) {
      for (const [index, source] of sources.entries()) {
        try {
          await source.run(onConnected, onEvent, signal);
          return;
        } catch (error) {
          if (index === sources.length - 1 || !isRuntimeError(error, "Unimplemented")) throw error;
        }
      }
    },
  };
}
