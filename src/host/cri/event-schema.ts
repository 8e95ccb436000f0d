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

/** containerd.services.events.v1 Envelope. */
export const envelope = message<{
  timestamp: { readonly seconds: number; readonly nanos: number };
  namespace: string;
  topic: string;
  event: Uint8Array;
}>({
  timestamp: nested(1, message<{ seconds: number; nanos: number }>({ seconds: int64(1), nanos: int32(2) })),
  namespace: string(2),
  topic: string(3),
  // event.value of the Any; the topic says which message it is
  event: flattened(4, bytes(2)),
});

/**
 * What the task and container events share. TaskExit has the exec's ID in field 2 (the container's own for its first
 * process); the other topics that are subscribed have a number or another text there, which is not read.
 */
export const eventSubject = message<{ containerId: string }>({ containerId: string(1) });
export const taskExit = message<{ containerId: string; processId: string }>({
  containerId: string(1),
  processId: string(2),
});
