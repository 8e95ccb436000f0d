import type { Clock } from "../../ports/clock.ts";
import type { RuntimeEvent, RuntimeEventSource } from "../../ports/runtime.ts";
import { toRuntimeError } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import { type CriEventType, containerEvent } from "./event-schema.ts";
import { decode, encode } from "./message.ts";
import { empty, versionRequest } from "./status-schema.ts";

const REFUSAL_DELAY_MS = 20;

const KINDS: Readonly<Record<CriEventType, RuntimeEvent["kind"]>> = {
  CONTAINER_CREATED_EVENT: "created",
  CONTAINER_STARTED_EVENT: "started",
  CONTAINER_STOPPED_EVENT: "stopped",
  CONTAINER_DELETED_EVENT: "deleted",
};

/** CRI's own stream, GetContainerEvents: containerd 1.7 and later, CRI-O with evented PLEG. */
export function createCriEventSource(channel: GrpcChannel, clock: Clock): RuntimeEventSource {
  return {
    async run(onConnected, onEvent, signal) {
      let connected = false;
      const connect = () => {
        if (connected) return;
        connected = true;
        onConnected();
      };
      const stream = channel.serverStream(
        "/runtime.v1.RuntimeService/GetContainerEvents",
        encode(empty, {}),
        (bytes) => {
          connect();
          onEvent(toRuntimeEvent(bytes));
        },
        { signal },
      );
      let open = true;
      const ended = stream.finally(() => {
        open = false;
      });
      try {
        await Promise.race([ended, untilAnswered(signal)]);
        if (open) connect();
        await ended;
      } catch (error) {
        ended.catch(() => {});
        if (!signal.aborted) throw toRuntimeError(error, "GetContainerEvents");
      }
    },
  };

  /**
   * Servers send no header before the first event, so nothing says that the stream stands. An answer to a later call on
   * the same connection tells that ours was read; the moment after it is for a refusal that comes behind that answer.
   */
  async function untilAnswered(signal: AbortSignal): Promise<void> {
    const request = encode(versionRequest, { version: "v1" });
    await channel.unary("/runtime.v1.RuntimeService/Version", request, { timeoutMs: 10_000, signal });
    await clock.sleep(REFUSAL_DELAY_MS, signal);
  }
}

function toRuntimeEvent(bytes: Uint8Array): RuntimeEvent {
  const { containerId, type, createdAtMs, sandbox } = decode(containerEvent, bytes);
  return {
    kind: KINDS[type],
    containerId,
    timestampMs: createdAtMs,
    ...(sandbox !== undefined && sandbox.uid !== "" && { podUid: sandbox.uid }),
  };
}
