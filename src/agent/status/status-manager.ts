/**
 * Keeps the API status of every pod, durably: it survives a restart of the agent, and is forgotten with the pod.
 */
import { sameJson } from "../../core/api/same-json.ts";
import type { Pod, PodStatus } from "../../core/api/types.ts";
import { mergePodStatus } from "../../core/pod/status-merge.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { PatientStore } from "../records/patient-store.ts";

export interface StatusManagerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<PatientStore, "list" | "put" | "delete" | "isDeletePending">;
}

const TABLE = "podStatus";

export class StatusManager {
  readonly #ports: StatusManagerPorts;
  readonly #statuses = new Map<string, PodStatus>();
  #listeners: readonly ((uid: string, status: PodStatus) => void)[] = [];

  constructor(ports: StatusManagerPorts) {
    this.#ports = ports;
    for (const { key, value } of ports.store.list(TABLE)) this.#statuses.set(key, value as PodStatus);
  }

  get(uid: string): PodStatus | undefined {
    return this.#statuses.get(uid);
  }

  /** The pod with its current status, as the API shows it. */
  withStatus(pod: Pod): Pod {
    const status = this.#statuses.get(pod.metadata?.uid ?? "");
    return status === undefined ? pod : { ...pod, status };
  }

  /** Takes a freshly generated status; nothing is written when nothing changed. */
  set(uid: string, next: PodStatus): PodStatus {
    const before = this.#statuses.get(uid);
    const status = mergePodStatus(before, next, this.#ports.clock.now());
    if (before !== undefined && sameJson(before, status)) return before;
    this.#statuses.set(uid, status);
    this.#write(() => this.#ports.store.put(TABLE, uid, status));
    for (const listener of this.#listeners) listener(uid, status);
    return status;
  }

  /** `listener` hears each changed status; it must not throw. */
  subscribe(listener: (uid: string, status: PodStatus) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** UIDs of all stored statuses. */
  uids(): readonly string[] {
    return [...this.#statuses.keys()];
  }

  forget(uid: string): void {
    if (!this.#statuses.delete(uid)) return;
    this.#write(() => this.#ports.store.delete(TABLE, uid));
  }

  /**
   * Whether the status of a pod that is gone is still stored, as the disk is full. A pod of the same UID must wait: an agent
   * that finds that status would take it for ended.
   */
  isEndStored(uid: string): boolean {
    return this.#statuses.has(uid) || !this.#ports.store.isDeletePending(TABLE, uid);
  }

  #write(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#ports.log.error("pod status not stored", { error: errorMessage(error) });
    }
  }
}
