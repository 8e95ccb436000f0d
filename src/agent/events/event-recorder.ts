/**
 * Records events about pods and the node as Kubernetes events. The same event again raises its count instead of making
 * a new record, and so do many that differ in their words alone; the records are durable and bounded.
 */
import { formatTime } from "../../core/api/time.ts";
import type { ObjectReference, Pod } from "../../core/api/types.ts";
import { COMBINED_PREFIX } from "../../core/events/similar-events.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import { SimilarMessages } from "./similar-messages.ts";

export type EventType = "Normal" | "Warning";

/** One event, the fields of v1.Event that the agent fills. Times are RFC 3339. */
export interface RecordedEvent {
  readonly name: string;
  readonly namespace: string;
  readonly involvedObject: ObjectReference;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface EventRecorderPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RecordStore;
}

const TABLE = "events";
const MAX_EVENTS = 2_000;
/** As events.k8s.io limits a note: texts of manifests can be as long as the manifests. */
const MAX_MESSAGE_LENGTH = 1024;

export class EventRecorder {
  readonly #ports: EventRecorderPorts;
  readonly #nodeName: string;
  /** By name, oldest change first. */
  readonly #events = new Map<string, RecordedEvent>();
  /** The same by UID of what they are about. */
  readonly #byObject = new Map<string, RecordedEvent[]>();
  readonly #similar = new SimilarMessages();
  #sequence = 0;
  #listeners: readonly ((event: RecordedEvent) => void)[] = [];

  constructor(ports: EventRecorderPorts, options: { readonly nodeName: string }) {
    this.#ports = ports;
    this.#nodeName = options.nodeName;
    const stored = ports.store.list(TABLE).map(({ value }) => {
      const event = value as RecordedEvent;
      return { event, sequence: sequenceOf(event) };
    });
    for (const { event, sequence } of stored.sort(byLastChange)) {
      this.#keep(event);
      this.#sequence = Math.max(this.#sequence, sequence);
    }
  }

  /** `container`: the event is about this container of the pod. */
  pod(pod: Pod, type: EventType, reason: string, message: string, container?: ContainerField): void {
    this.record(podReference(pod, container), type, reason, message);
  }

  annotatedPod(
    pod: Pod,
    type: EventType,
    reason: string,
    message: string,
    annotations: Readonly<Record<string, string>>,
  ): void {
    this.record(podReference(pod, undefined), type, reason, message, annotations);
  }

  node(type: EventType, reason: string, message: string): void {
    this.record({ kind: "Node", name: this.#nodeName, uid: this.#nodeName }, type, reason, message);
  }

  record(
    involvedObject: ObjectReference,
    type: EventType,
    reason: string,
    text: string,
    annotations?: Readonly<Record<string, string>>,
  ): void {
    const { clock, log, store } = this.#ports;
    const message = this.#toldMessage(involvedObject, type, reason, text);
    const now = formatTime(clock.now());
    const before = this.#eventsOf(involvedObject).find((known) =>
      isSame(known, { involvedObject, type, reason, message }),
    );
    const event: RecordedEvent = before
      ? { ...before, message, count: before.count + 1, lastTimestamp: now, ...(annotations && { annotations }) }
      : {
          name: `${involvedObject.name ?? ""}.${this.#nextSequence()}`,
          namespace: involvedObject.namespace ?? "default",
          involvedObject,
          type,
          reason,
          message,
          count: 1,
          firstTimestamp: now,
          lastTimestamp: now,
          ...(annotations && { annotations }),
        };
    if (before !== undefined) this.#drop(before);
    this.#keep(event);
    log.debug("event", { kind: involvedObject.kind, object: involvedObject.name, type, reason, eventMessage: message });
    try {
      store.put(TABLE, event.name, event);
      this.#dropOldest();
    } catch (error) {
      log.warn("event not stored", { reason, error });
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** All events, oldest change first. */
  list(): readonly RecordedEvent[] {
    return [...this.#events.values()];
  }

  /** Calls `listener` for every event from now on; returns how to stop that. */
  subscribe(listener: (event: RecordedEvent) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** What is told of the node (broken manifests, pressure) is another matter each time, and bounded where it arises. */
  #toldMessage(object: ObjectReference, type: EventType, reason: string, text: string): string {
    if (object.kind === "Node") return bounded(text);
    const key = kindOf(object, type, reason);
    return bounded(this.#similar.toTell(key, bounded(text), this.#ports.clock.now()));
  }

  #eventsOf({ uid = "" }: ObjectReference): readonly RecordedEvent[] {
    return this.#byObject.get(uid) ?? [];
  }

  #keep(event: RecordedEvent): void {
    this.#events.set(event.name, event);
    const { uid = "" } = event.involvedObject;
    const known = this.#byObject.get(uid);
    if (known === undefined) this.#byObject.set(uid, [event]);
    else known.push(event);
  }

  #drop(event: RecordedEvent): void {
    this.#events.delete(event.name);
    const { uid = "" } = event.involvedObject;
    const left = this.#eventsOf(event.involvedObject).filter((other) => other !== event);
    if (left.length === 0) this.#byObject.delete(uid);
    else this.#byObject.set(uid, left);
  }

  #nextSequence(): string {
    this.#sequence += 1;
    return this.#sequence.toString(36).padStart(8, "0");
  }

  #dropOldest(): void {
    for (const event of this.#events.values()) {
      if (this.#events.size <= MAX_EVENTS) return;
      this.#drop(event);
      this.#ports.store.delete(TABLE, event.name);
    }
  }
}

export interface ContainerField {
  readonly list: "containers" | "initContainers" | "ephemeralContainers";
  readonly name: string;
}

function podReference({ metadata }: Pod, container: ContainerField | undefined): ObjectReference {
  const { name = "", namespace = "default", uid = "" } = metadata ?? {};
  const fieldPath = container && `spec.${container.list}{${container.name}}`;
  return { apiVersion: "v1", kind: "Pod", name, namespace, uid, ...(fieldPath !== undefined && { fieldPath }) };
}

function bounded(text: string): string {
  return text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH - 3)}...`;
}

function sequenceOf({ name }: RecordedEvent): number {
  const sequence = Number.parseInt(name.slice(name.lastIndexOf(".") + 1), 36);
  return Number.isNaN(sequence) ? 0 : sequence;
}

interface StoredEvent {
  readonly event: RecordedEvent;
  readonly sequence: number;
}

/** Times have whole seconds; within one the order of making is the best guess. */
function byLastChange({ event: a, sequence }: StoredEvent, { event: b, sequence: other }: StoredEvent): number {
  if (a.lastTimestamp !== b.lastTimestamp) return a.lastTimestamp < b.lastTimestamp ? -1 : 1;
  return sequence - other;
}

type Identity = Pick<RecordedEvent, "involvedObject" | "type" | "reason" | "message">;

function isSame(a: Identity, b: Identity): boolean {
  return a.reason === b.reason && a.type === b.type && sameMessage(a.message, b.message) && sameObject(a, b);
}

function sameMessage(a: string, b: string): boolean {
  return a === b || (a.startsWith(COMBINED_PREFIX) && b.startsWith(COMBINED_PREFIX));
}

function sameObject({ involvedObject: a }: Identity, { involvedObject: b }: Identity): boolean {
  return (["kind", "namespace", "name", "uid", "fieldPath"] as const).every(
    (field) => (a[field] ?? "") === (b[field] ?? ""),
  );
}

/** What makes events alike but for their message. */
function kindOf(
  { kind = "", namespace = "", name = "", uid = "", fieldPath = "" }: ObjectReference,
  type: string,
  reason: string,
) {
  return [kind, namespace, name, uid, fieldPath, type, reason].join("\0");
}
