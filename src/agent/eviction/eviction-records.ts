/** What was evicted and why, durably: written before the kill, so that an agent that dies in between knows what it began. */
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";

export interface EvictionRecordsPorts {
  readonly log: Log;
  readonly store: RecordStore;
}

const TABLE = "evictions";
const MAX_RECORDS = 500;

export class EvictionRecords {
  readonly #ports: EvictionRecordsPorts;
  /** Oldest first. */
  readonly #records = new Map<string, EvictionRecord>();

  constructor(ports: EvictionRecordsPorts) {
    this.#ports = ports;
    for (const { key, value } of ports.store.list(TABLE)) this.#records.set(key, value as EvictionRecord);
  }

  /** Oldest first. */
  list(): readonly EvictionRecord[] {
    return [...this.#records.values()];
  }

  /** Evictions that were begun and are not known to be over. */
  unfinished(): readonly EvictionRecord[] {
    return this.list().filter(({ goneAtMs, dryRun }) => goneAtMs === undefined && !dryRun);
  }

  /** Records sort by their ids; the number keeps those of one millisecond apart. */
  add(record: Omit<EvictionRecord, "id">): EvictionRecord {
    const time = String(record.atMs).padStart(15, "0");
    let number = 0;
    while (this.#records.has(`${time}-${number}`)) number += 1;
    const id = `${time}-${number}`;
    const complete: EvictionRecord = { id, ...record };
    this.#put(complete);
    this.#dropOldest();
    return complete;
  }

  /** Nothing of the pod runs any more. */
  finish(id: string, goneAtMs: number): void {
    const record = this.#records.get(id);
    if (record !== undefined && record.goneAtMs === undefined) this.#put({ ...record, goneAtMs });
  }

  /** What the victim logged last, read after the record was written. */
  addLogLines(id: string, lastLogLines: EvictionRecord["lastLogLines"]): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#put({ ...record, lastLogLines });
  }

  #put(record: EvictionRecord): void {
    this.#records.set(record.id, record);
    this.#attempt(() => this.#ports.store.put(TABLE, record.id, record));
  }

  #dropOldest(): void {
    for (const id of this.#records.keys()) {
      if (this.#records.size <= MAX_RECORDS) return;
      this.#records.delete(id);
      this.#attempt(() => this.#ports.store.delete(TABLE, id));
    }
  }

  /** A full disk must not keep the eviction from happening that would empty it. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#ports.log.error("eviction record not stored", { error: errorMessage(error) });
    }
  }
}
