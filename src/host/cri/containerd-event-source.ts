import { randomUUID } from "node:crypto";
import type { Clock } from "../../ports/clock.ts";
import type { RuntimeEvent, RuntimeEventSource } from "../../ports/runtime.ts";
import { toRuntimeError } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import { envelope, eventSubject, publishRequest, subscribeRequest, taskExit } from "./event-schema.ts";
import { decode, encode } from "./message.ts";

const SERVICE = "containerd.services.events.v1.Events";
/** Where containerd's CRI plugin keeps its containers. */
const NAMESPACE = "k8s.io";
const MARKER_TOPIC = "/tskubelet/subscribed";
const MARKER_INTERVAL_MS = 10;

const KINDS: Readonly<Record<string, RuntimeEvent["kind"]>> = {
  "/containers/create": "created",
  "/tasks/start": "started",
  "/tasks/exit": "stopped",
  "/tasks/oom": "oom",
  "/containers/delete": "deleted",
};

/**
 * containerd's event service, for versions whose CRI plugin has no stream (before 1.7). A "stopped" comes up to some
 * tens of milliseconds before CRI says so: see settleStops.
 */
export function createContainerdEventSource(channel: GrpcChannel, clock: Clock): RuntimeEventSource {
  return {
    async run(onConnected, onEvent, signal) {
      const token = randomUUID();
      let connected = false;
      const onMessage = (bytes: Uint8Array) => {
        const message = decode(envelope, bytes);
        if (message.topic !== MARKER_TOPIC) {
          for (const event of toRuntimeEvents(message)) onEvent(event);
        } else if (!connected && Buffer.from(message.event).toString() === token) {
          connected = true;
          onConnected();
        }
      };
      const filters = [...Object.keys(KINDS), MARKER_TOPIC].map(
        (topic) => `namespace=="${NAMESPACE}",topic=="${topic}"`,
      );
      const ended = new AbortController();
      const stream = channel
        .serverStream(`/${SERVICE}/Subscribe`, encode(subscribeRequest, { filters }), onMessage, { signal })
        .finally(() => ended.abort());
      try {
        await Promise.all([stream, publishUntil(() => connected || ended.signal.aborted, token, ended.signal)]);
      } catch (error) {
        stream.catch(() => {});
        if (!signal.aborted) throw toRuntimeError(error, "Subscribe");
      }
    },
  };

  /** An event of our own tells that the subscription stands; one that is published too early is lost, so it is repeated. */
  async function publishUntil(done: () => boolean, token: string, signal: AbortSignal): Promise<void> {
    const event = { typeUrl: "tskubelet.io/subscribed", value: Buffer.from(token) };
    const request = encode(publishRequest, { topic: MARKER_TOPIC, event });
    while (!done()) {
      await channel.unary(`/${SERVICE}/Publish`, request, {
        timeoutMs: 10_000,
        metadata: { "containerd-namespace": NAMESPACE },
      });
      await clock.sleep(MARKER_INTERVAL_MS, signal);
    }
  }
}

/** Empty: not about a container's first process (an exec ended). An exit is told as `exited`, then as `stopped`. */
export function toRuntimeEvents(message: {
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly topic: string;
  readonly event: Uint8Array;
}): readonly RuntimeEvent[] {
  const kind = KINDS[message.topic];
  if (kind === undefined) return [];
  const timestampMs = milliseconds(message.timestamp);
  if (kind !== "stopped") return [{ kind, containerId: decode(eventSubject, message.event).containerId, timestampMs }];
  const { containerId, processId, exitStatus, exitedAt } = decode(taskExit, message.event);
  if (processId !== containerId) return [];
  const exit = { code: exitStatus, atMs: milliseconds(exitedAt) };
  return [
    { kind: "exited", containerId, timestampMs, exit },
    { kind, containerId, timestampMs },
  ];
}

function milliseconds({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): number {
  return seconds * 1000 + nanos / 1e6;
}
