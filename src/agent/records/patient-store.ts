/**
 * Records whose writes are made up for: what a full disk refuses is kept in memory and written as soon as it can be, so
 * that the next agent knows what this one knew. Its own writes never fail.
 */
import type { Cancel, Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";

export interface PatientStorePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RecordStore;
}

interface Pending {
  readonly table: string;
  readonly key: string;
  readonly write: () => void;
  /** `undefined`: deleted. */
  readonly value: unknown;
}

const RETRY_MS = 5_000;

export class PatientStore implements RecordStore {
  readonly #ports: PatientStorePorts;
  /** By table and key, oldest first. */
  readonly #pending = new Map<string, Pending>();
  #cancelRetry: Cancel = () => {};
  #stopped = false;

  constructor(ports: PatientStorePorts) {
    this.#ports = ports;
  }

  async start(_signal: AbortSignal): Promise<void> {}

  /** Tries what is still to be written once more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    this.#writePending();
  }

  get(table: string, key: string): unknown {
    const pending = this.#pending.get(idOf(table, key));
    return pending === undefined ? this.#ports.store.get(table, key) : pending.value;
  }

  put(table: string, key: string, value: unknown): void {
    this.#write({ table, key, value, write: () => this.#ports.store.put(table, key, value) });
  }

  delete(table: string, key: string): void {
    this.#write({ table, key, value: undefined, write: () => this.#ports.store.delete(table, key) });
  }

  /** Whether a record is still stored that was deleted: the next agent would find it. */
  isDeletePending(table: string, key: string): boolean {
    const pending = this.#pending.get(idOf(table, key));
    return pending !== undefined && pending.value === undefined;
  }

  list(table: string): readonly { readonly key: string; readonly value: unknown }[] {
    const stored = this.#ports.store.list(table);
    if (this.#pending.size === 0) return stored;
    const rows = new Map(stored.map(({ key, value }) => [key, value]));
    for (const pending of this.#pending.values()) {
      if (pending.table !== table) continue;
      if (pending.value === undefined) rows.delete(pending.key);
      else rows.set(pending.key, pending.value);
    }
    return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
  }

  #write(record: Pending): void {
    const id = idOf(record.table, record.key);
    try {
      record.write();
      this.#pending.delete(id);
    } catch (error) {
      if (this.#pending.size === 0) this.#ports.log.error("records not stored yet", { error: errorMessage(error) });
      this.#pending.set(id, record);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#cancelRetry();
    if (this.#stopped) return;
    this.#cancelRetry = this.#ports.clock.after(RETRY_MS, () => {
      this.#writePending();
      if (this.#pending.size > 0) this.#retryLater();
    });
  }

  #writePending(): void {
    for (const [id, { write }] of this.#pending) {
      try {
        write();
        this.#pending.delete(id);
      } catch {
        return;
      }
    }
  }
}

function idOf(table: string, key: string): string {
  return `${table}\u0000${key}`;
}
