/** Messages of the two event streams: CRI runtime.v1 GetContainerEvents, and containerd's own events service. */
import {
  bytes,
  enumeration,
  flattened,
  int32,
  int64,
  message,
  nanos,
  nested,
  optional,
  repeated,
  string,
  uint32,
  wrapped,
} from "./message.ts";
import { podSandboxMetadata } from "./sandbox-schema.ts";

export type CriEventType =
  | "CONTAINER_CREATED_EVENT"
  | "CONTAINER_STARTED_EVENT"
  | "CONTAINER_STOPPED_EVENT"
  | "CONTAINER_DELETED_EVENT";

/** ContainerEventResponse without the statuses that it repeats: they are asked for when needed. */
export const containerEvent = message<{
  containerId: string;
  type: CriEventType;
  createdAtMs: number;
  sandbox?: { readonly name: string; readonly uid: string; readonly namespace: string; readonly attempt: number };
}>({
  containerId: string(1),
  type: enumeration<CriEventType>(2, [
    "CONTAINER_CREATED_EVENT",
    "CONTAINER_STARTED_EVENT",
    "CONTAINER_STOPPED_EVENT",
    "CONTAINER_DELETED_EVENT",
  ]),
  createdAtMs: nanos(3),
  // pod_sandbox_status.metadata
  sandbox: wrapped(4, optional(nested(2, podSandboxMetadata))),
});

/** containerd.services.events.v1 SubscribeRequest. */
export const subscribeRequest = message<{ filters: readonly string[] }>({ filters: repeated(string(1)) });

/** google.protobuf Timestamp. */
const timestamp = message<{ seconds: number; nanos: number }>({ seconds: int64(1), nanos: int32(2) });

/** containerd.services.events.v1 Envelope. */
export const envelope = message<{
  timestamp: { readonly seconds: number; readonly nanos: number };
  namespace: string;
  topic: string;
  event: Uint8Array;
}>({
  timestamp: nested(1, timestamp),
  namespace: string(2),
  topic: string(3),
  // event.value of the Any; the topic says which message it is
  event: flattened(4, bytes(2)),
});

/** containerd.services.events.v1 PublishRequest. */
export const publishRequest = message<{
  topic: string;
  event: { readonly typeUrl: string; readonly value: Uint8Array };
}>({
  topic: string(1),
  event: nested(2, message<{ typeUrl: string; value: Uint8Array }>({ typeUrl: string(1), value: bytes(2) })),
});

/** What all the subscribed events of tasks and containers begin with. */
export const eventSubject = message<{ containerId: string }>({ containerId: string(1) });

/** containerd.events TaskExit, as far as it is read; `processId` is the exec's, or the container's for its first process. */
export const taskExit = message<{
  containerId: string;
  processId: string;
  exitStatus: number;
  exitedAt: { readonly seconds: number; readonly nanos: number };
}>({
  containerId: string(1),
  processId: string(2),
  exitStatus: uint32(4),
  exitedAt: nested(5, timestamp),
});
